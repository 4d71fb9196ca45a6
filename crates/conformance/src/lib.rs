//! The suite that every database backend of Aludel must pass
