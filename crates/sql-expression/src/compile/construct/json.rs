//! The inside of JSON documents.

use crate::{
    Result, Value,
    compile::{compiler::Compiler, precedence::Precedence},
    dialect::JsonStyle,
    expression::{JsonRead, JsonStep, Node},
    types::SqlType,
};

impl<'n> Compiler<'n> {
    /// Writes a value inside of a document. The way to it is written out, so that an index on the expression serves it.
    pub(super) fn json(&mut self, document: &'n Node, path: &[JsonStep], read: JsonRead) -> Result<()> {
        match self.features.constructs.json {
            Some(JsonStyle::Arrows) => self.json_by_arrows(document, path, read),
            Some(JsonStyle::Extract) => self.json_extract(document, path, read),
            Some(JsonStyle::Unquote) => self.json_unquote(document, path, read),
            None => Err(self.unsupported("the inside of a JSON document")),
        }
    }

    fn document(&mut self, document: &'n Node) -> Result<()> {
        match document {
            Node::Bind(_) => self.lone(document),
            document => self.operand(document, Precedence::Atom),
        }
    }

    fn json_by_arrows(&mut self, document: &'n Node, path: &[JsonStep], read: JsonRead) -> Result<()> {
        let cast = match read {
            JsonRead::Json | JsonRead::Text => None,
            JsonRead::Integer => Some(SqlType::BigInteger),
            JsonRead::Float => Some(SqlType::Double),
            JsonRead::Boolean => Some(SqlType::Boolean),
        };
        let name = cast.map(|cast| self.dialect.cast_type_name(&cast)).transpose()?;
        if name.is_some() {
            self.push("CAST(");
        }
        if path.is_empty() && read != JsonRead::Json {
            // Only this gives the whole document without quotes.
            self.push("(");
            self.document(document)?;
            self.push(" #>> '{}')");
        } else {
            self.document(document)?;
        }
        for (position, step) in path.iter().enumerate() {
            let is_last = position + 1 == path.len();
            self.push(if is_last && read != JsonRead::Json { " ->> " } else { " -> " });
            match step {
                JsonStep::Member(key) => {
                    self.dialect.write_literal(&Value::Text((**key).into()), self.writer.text())?
                }
                JsonStep::Position(index) => self.push(&index.to_string()),
            }
        }
        if let Some(name) = name {
            self.push(" AS ");
            self.push(&name);
            self.push(")");
        }
        Ok(())
    }

    fn json_extract(&mut self, document: &'n Node, path: &[JsonStep], read: JsonRead) -> Result<()> {
        let path = Value::Text(path_text(path).into());
        if read == JsonRead::Json {
            self.document(document)?;
            self.push(" -> ");
            return self.dialect.write_literal(&path, self.writer.text());
        }
        let cast = match read {
            JsonRead::Text => Some("TEXT"),
            JsonRead::Integer => Some("INTEGER"),
            JsonRead::Float => Some("REAL"),
            _ => None,
        };
        if cast.is_some() {
            self.push("CAST(");
        }
        self.push("json_extract(");
        self.node(document)?;
        self.push(", ");
        self.dialect.write_literal(&path, self.writer.text())?;
        self.push(")");
        if let Some(cast) = cast {
            self.push(" AS ");
            self.push(cast);
            self.push(")");
        }
        Ok(())
    }

    fn json_unquote(&mut self, document: &'n Node, path: &[JsonStep], read: JsonRead) -> Result<()> {
        let path = Value::Text(path_text(path).into());
        let slot = self.slot;
        let extract = |this: &mut Self| {
            this.slot = slot;
            this.push("JSON_EXTRACT(");
            this.node(document)?;
            this.push(", ");
            this.dialect.write_literal(&path, this.writer.text())?;
            this.push(")");
            Ok(())
        };
        let unquoted = |this: &mut Self| {
            this.push("JSON_UNQUOTE(");
            extract(this)?;
            this.push(")");
            Ok(())
        };
        match read {
            JsonRead::Json => extract(self),
            JsonRead::Boolean => {
                self.push("CASE ");
                unquoted(self)?;
                self.push(" WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END");
                Ok(())
            }
            // JSON's null would become the text "null".
            read => {
                self.push("CASE JSON_TYPE(");
                extract(self)?;
                self.push(") WHEN 'NULL' THEN NULL ELSE ");
                match read {
                    JsonRead::Integer => {
                        self.push("CAST(");
                        unquoted(self)?;
                        self.push(" AS SIGNED)");
                    }
                    JsonRead::Float => {
                        self.push("CAST(");
                        unquoted(self)?;
                        self.push(" AS DOUBLE)");
                    }
                    _ => unquoted(self)?,
                }
                self.push(" END");
                Ok(())
            }
        }
    }
}

/// `$."key"[0]`.
fn path_text(path: &[JsonStep]) -> String {
    let mut text = String::from("$");
    for step in path {
        match step {
            JsonStep::Member(key) => {
                text.push_str(".\"");
                for character in key.chars() {
                    if matches!(character, '"' | '\\') {
                        text.push('\\');
                    }
                    text.push(character);
                }
                text.push('"');
            }
            JsonStep::Position(index) => {
                text.push('[');
                text.push_str(&index.to_string());
                text.push(']');
            }
        }
    }
    text
}
