//! Servers that are not at hand: they greet, let everybody in, and answer the first question of a connection as the server
//! of that version would.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, Result},
    net::{TcpListener, TcpStream},
};

const MORE_RESULTS: u8 = 0x08;
const AUTOCOMMIT: u8 = 0x02;

/// Starts a server of this `VERSION()` and `@@version_comment`, and gives its port.
pub async fn start(version: &'static str, comment: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = serve(client, version, comment).await;
            });
        }
    });
    port
}

async fn serve(mut client: TcpStream, version: &str, comment: &str) -> Result<()> {
    let mut greeting = vec![10];
    greeting.extend(version.as_bytes());
    greeting.extend([0, 7, 0, 0, 0]);
    greeting.extend(b"challeng\0");
    // What the client and the server can do, the character set, the state, and the rest of what they can do.
    greeting.extend([0x0b, 0xa2, 45, AUTOCOMMIT, 0, 0x0f, 0x01, 21]);
    greeting.extend([0; 10]);
    greeting.extend(b"challenge-12\0mysql_native_password\0");
    write(&mut client, 0, &greeting).await?;
    read(&mut client).await?;
    write(&mut client, 2, &ok(0x00, AUTOCOMMIT)).await?;
    while let Some(command) = read(&mut client).await? {
        // COM_QUERY, and else COM_QUIT.
        if command.first() != Some(&3) {
            break;
        }
        let text = String::from_utf8_lossy(&command).into_owned();
        if !text.contains("VERSION()") {
            write(&mut client, 1, &ok(0x00, AUTOCOMMIT)).await?;
            continue;
        }
        let cells = [version, comment, "7", "1048576", "fake:3306", "STRICT_TRANS_TABLES"];
        let mut packets = vec![ok(0x00, AUTOCOMMIT | MORE_RESULTS), vec![6]];
        packets.extend(cells.iter().map(|_| column()));
        packets.push(cells.iter().flat_map(|cell| text_of(cell)).collect());
        packets.push(ok(0xfe, AUTOCOMMIT));
        for (number, packet) in (1..).zip(packets) {
            write(&mut client, number, &packet).await?;
        }
    }
    Ok(())
}

fn ok(header: u8, status: u8) -> Vec<u8> {
    vec![header, 0, 0, status, 0, 0, 0]
}

fn text_of(text: &str) -> Vec<u8> {
    let mut bytes = vec![u8::try_from(text.len()).unwrap()];
    bytes.extend(text.as_bytes());
    bytes
}

/// A column of text: catalog, schema, table twice, name twice, and what it holds.
fn column() -> Vec<u8> {
    let mut packet: Vec<u8> = ["def", "", "", "", "c", ""].iter().flat_map(|text| text_of(text)).collect();
    packet.extend([0x0c, 45, 0, 0, 1, 0, 0, 0xfd, 0, 0, 0, 0, 0]);
    packet
}

async fn read(client: &mut TcpStream) -> Result<Option<Vec<u8>>> {
    let mut header = [0; 4];
    if client.read_exact(&mut header).await.is_err() {
        return Ok(None);
    }
    let mut packet = vec![0; u32::from_le_bytes([header[0], header[1], header[2], 0]) as usize];
    client.read_exact(&mut packet).await?;
    Ok(Some(packet))
}

async fn write(client: &mut TcpStream, number: u8, packet: &[u8]) -> Result<()> {
    let length = u32::try_from(packet.len()).unwrap().to_le_bytes();
    client.write_all(&[length[0], length[1], length[2], number]).await?;
    client.write_all(packet).await
}
