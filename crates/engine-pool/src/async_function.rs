//! [`AsyncFunction`], [`AsyncFunctionMut`]: async closures whose futures can be sent to another thread.

/// An async closure, or an `async fn`, whose future can be named in bounds; `Future: Send` lets `begin` run inside
/// spawned tasks and boxed futures. Implemented for every fitting closure.
pub trait AsyncFunction<Argument, Output>:
    AsyncFnOnce(Argument) -> Output + FnOnce(Argument) -> Self::Future
{
    /// The future that the closure returns.
    type Future: Future<Output = Output>;
}

impl<Function, Returned, Argument, Output> AsyncFunction<Argument, Output> for Function
where
    Function: AsyncFnOnce(Argument) -> Output + FnOnce(Argument) -> Returned,
    Returned: Future<Output = Output>,
{
    type Future = Returned;
}

/// The same for closures that are called more than once. What such a closure captures, its futures may read, but not
/// change.
pub trait AsyncFunctionMut<Argument, Output>:
    AsyncFnMut(Argument) -> Output + FnMut(Argument) -> Self::Future
{
    /// The future that the closure returns.
    type Future: Future<Output = Output>;
}

impl<Function, Returned, Argument, Output> AsyncFunctionMut<Argument, Output> for Function
where
    Function: AsyncFnMut(Argument) -> Output + FnMut(Argument) -> Returned,
    Returned: Future<Output = Output>,
{
    type Future = Returned;
}
