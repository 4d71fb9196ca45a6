//! What a stream and a cursor take from their connection.

use std::sync::Arc;

use aludel_driver::{CallOptions, Discard, Error, ErrorKind, Result, Statement, Step, StepKind, Value};
use aludel_sql_expression::{Dialect, StatementNode};
use tracing::Span;

use super::{Connection, Part as _, query_text};
use crate::{
    Engine, events::ConnectionId, execution_options::Resolved, trace, transaction::TransactionStatus,
};

/// What a stream sends.
pub(crate) struct StreamRequest {
    pub(crate) statement: Statement,
    pub(crate) parameters: Vec<Value>,
    pub(crate) options: CallOptions,
}

/// What of a connection a stream borrows.
pub(crate) type StreamParts<'c> = (
    &'c mut dyn aludel_driver::Connection,
    ConnectionId,
    &'c StreamRequest,
    &'c mut TransactionStatus,
    Engine,
);

impl Connection {
    /// Gets ready for a stream: what has to go before its query is sent here.
    pub(crate) async fn stream_request(
        &mut self,
        node: &StatementNode,
        options: Resolved,
    ) -> Result<StreamRequest> {
        let rendered = self.render(node, &options).await?;
        let [part] = &*rendered.parts else {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "a statement that is cut into several cannot be streamed",
            ));
        };
        if !self.autocommit {
            self.autobegin(query_text::is_query(&part.sql));
        }
        self.send(&mut [], &CallOptions::default(), false).await?;
        let request = StreamRequest {
            statement: part.statement(),
            parameters: part.parameters.to_vec(),
            options: options.call,
        };
        let request = self.rewrite_request(request)?;
        if let Some(echo) = self.engine.echo() {
            echo.statement(self.token(), request.statement.sql(), &request.parameters);
        }
        Ok(request)
    }

    /// The text and the parameters of a query, for those who put it into a statement of their own.
    pub(crate) async fn rendered_query(
        &mut self,
        node: &StatementNode,
        options: &Resolved,
    ) -> Result<(Arc<str>, Vec<Value>)> {
        let mut rendered = self.render(node, options).await?;
        match (rendered.parts.pop(), rendered.parts.is_empty()) {
            (Some(part), true) => Ok((part.sql, part.parameters.into_vec())),
            _ => {
                Err(Error::new(ErrorKind::InvalidRequest, "a statement that is cut into several is no query"))
            }
        }
    }

    /// The dialect that statements are written in.
    pub(crate) fn written_dialect(&self) -> Option<Arc<dyn Dialect>> {
        self.pooled.as_ref().map(|pooled| pooled.named_dialect().clone())
    }

    /// Lends out what a stream needs, each part by itself.
    pub(crate) fn stream_parts(&mut self, request: StreamRequest) -> Result<StreamParts<'_>> {
        let Self { pooled, streaming, status, engine, .. } = self;
        let pooled =
            pooled.as_mut().ok_or_else(|| Error::new(ErrorKind::Closed, "the connection is closed"))?;
        let id = pooled.id();
        Ok((&mut **pooled, id, streaming.insert(Box::new(request)), status, engine.clone()))
    }

    /// The span of a stream's beginning.
    pub(crate) fn stream_span(&self, request: &StreamRequest) -> Span {
        let mut sink = Discard;
        let kind = StepKind::Fetch {
            statement: &request.statement,
            parameters: &request.parameters,
            sink: &mut sink,
        };
        let dialect = self.pooled.as_ref().map_or("", |pooled| pooled.dialect().name());
        trace::span(dialect, self.engine.shared().arguments(), self.token(), &[Step::new(kind)])
    }
}
