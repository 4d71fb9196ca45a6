//! The derives of Aludel: FromRow, Enum and Mapped
