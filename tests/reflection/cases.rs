//! The numbered cases of reflection.
