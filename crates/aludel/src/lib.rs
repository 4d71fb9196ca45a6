//! SQLAlchemy and Alembic for Rust.
