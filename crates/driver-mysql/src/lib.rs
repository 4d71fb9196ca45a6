//! The MySQL and MariaDB backend of Aludel, on mysql_async
