//! The PostgreSQL backend of Aludel, on tokio-postgres
