//! The Session of Aludel: a unit of work over an identity map, relationships, cascades and loading strategies
