//! The eleven tables of Chinook, a digital media store.

use aludel::prelude::*;
use chrono_0_4::NaiveDateTime;
use rust_decimal_1::Decimal;

#[derive(Mapped, Clone, Debug, Default)]
pub struct Artist {
    #[column(primary_key)]
    pub artist_id: i32,
    #[column(length = 120)]
    pub name: Option<String>,
    #[relationship(back_populates = Album::artist)]
    pub albums: Many<Album>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct Album {
    #[column(primary_key)]
    pub album_id: i32,
    #[column(length = 160)]
    pub title: String,
    #[column(foreign_key = Artist::artist_id)]
    pub artist_id: i32,
    #[relationship(back_populates = Artist::albums)]
    pub artist: One<Artist>,
    #[relationship(back_populates = Track::album, cascade = "all, delete-orphan")]
    pub tracks: Many<Track>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct Track {
    #[column(primary_key)]
    pub track_id: i32,
    #[column(length = 200)]
    pub name: String,
    #[column(foreign_key = Album::album_id)]
    pub album_id: Option<i32>,
    #[column(foreign_key = MediaType::media_type_id)]
    pub media_type_id: i32,
    #[column(foreign_key = Genre::genre_id)]
    pub genre_id: Option<i32>,
    #[column(length = 220)]
    pub composer: Option<String>,
    pub milliseconds: i32,
    pub bytes: Option<i32>,
    #[column(precision = 10, scale = 2)]
    pub unit_price: Decimal,
    #[relationship(back_populates = Album::tracks)]
    pub album: One<Album>,
    #[relationship(back_populates = MediaType::tracks)]
    pub media_type: One<MediaType>,
    #[relationship(back_populates = Genre::tracks)]
    pub genre: One<Genre>,
    // The database itself refuses to delete what was sold.
    #[relationship(back_populates = InvoiceLine::track, passive_deletes)]
    pub invoice_lines: Many<InvoiceLine>,
    #[relationship(secondary = PlaylistTrack, back_populates = Playlist::tracks)]
    pub playlists: Many<Playlist>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct MediaType {
    #[column(primary_key)]
    pub media_type_id: i32,
    #[column(length = 120)]
    pub name: Option<String>,
    #[relationship(back_populates = Track::media_type)]
    pub tracks: Many<Track>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct Genre {
    #[column(primary_key)]
    pub genre_id: i32,
    #[column(length = 120)]
    pub name: Option<String>,
    #[relationship(back_populates = Track::genre)]
    pub tracks: Many<Track>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct Playlist {
    #[column(primary_key)]
    pub playlist_id: i32,
    #[column(length = 120)]
    pub name: Option<String>,
    #[relationship(secondary = PlaylistTrack, back_populates = Track::playlists)]
    pub tracks: Many<Track>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct PlaylistTrack {
    #[column(primary_key, foreign_key = Playlist::playlist_id)]
    pub playlist_id: i32,
    #[column(primary_key, foreign_key = Track::track_id)]
    pub track_id: i32,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct Employee {
    #[column(primary_key)]
    pub employee_id: i32,
    #[column(length = 20)]
    pub last_name: String,
    #[column(length = 20)]
    pub first_name: String,
    #[column(length = 30)]
    pub title: Option<String>,
    #[column(foreign_key = Employee::employee_id)]
    pub reports_to: Option<i32>,
    pub birth_date: Option<NaiveDateTime>,
    pub hire_date: Option<NaiveDateTime>,
    #[column(length = 60)]
    pub email: Option<String>,
    #[relationship(back_populates = Employee::team)]
    pub manager: One<Employee>,
    #[relationship(back_populates = Employee::manager, order_by = Employee::employee_id)]
    pub team: Many<Employee>,
    #[relationship(back_populates = Customer::support)]
    pub customers: Many<Customer>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct Customer {
    #[column(primary_key)]
    pub customer_id: i32,
    #[column(length = 40)]
    pub first_name: String,
    #[column(length = 20)]
    pub last_name: String,
    #[column(length = 40)]
    pub country: Option<String>,
    #[column(length = 60)]
    pub email: String,
    #[column(foreign_key = Employee::employee_id)]
    pub support_rep_id: Option<i32>,
    #[relationship(back_populates = Employee::customers)]
    pub support: One<Employee>,
    #[relationship(back_populates = Invoice::customer)]
    pub invoices: Many<Invoice>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct Invoice {
    #[column(primary_key)]
    pub invoice_id: i32,
    #[column(foreign_key = Customer::customer_id)]
    pub customer_id: i32,
    pub invoice_date: NaiveDateTime,
    #[column(precision = 10, scale = 2)]
    pub total: Decimal,
    #[relationship(back_populates = Customer::invoices)]
    pub customer: One<Customer>,
    #[relationship(back_populates = InvoiceLine::invoice)]
    pub lines: Many<InvoiceLine>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct InvoiceLine {
    #[column(primary_key)]
    pub invoice_line_id: i32,
    #[column(foreign_key = Invoice::invoice_id)]
    pub invoice_id: i32,
    #[column(foreign_key = Track::track_id)]
    pub track_id: i32,
    #[column(precision = 10, scale = 2)]
    pub unit_price: Decimal,
    pub quantity: i32,
    #[relationship(back_populates = Invoice::lines)]
    pub invoice: One<Invoice>,
    #[relationship(back_populates = Track::invoice_lines)]
    pub track: One<Track>,
}
