//! Engine, connection pools, transactions, results and events of Aludel
