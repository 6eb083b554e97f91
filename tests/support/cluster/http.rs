//! HTTP/1.1 on one connection: bounded requests in, answers with a length out.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::request::Request;

/// The largest request head that is read, in bytes.
const HEAD_LIMIT: usize = 64 << 10;
/// The largest request body that is read, in bytes: access reviews are the only ones.
const BODY_LIMIT: usize = 1 << 20;
/// The most header lines of one request.
const HEADER_LIMIT: usize = 100;

/// An answer, sent with its length.
#[derive(Clone, Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    /// Seconds for a `Retry-After` header.
    pub(super) retry_after: Option<u32>,
    pub(super) body: Vec<u8>,
}

impl Response {
    /// A JSON answer.
    pub(super) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self {
            status,
            content_type: "application/json",
            retry_after: None,
            body: body.to_string().into_bytes(),
        }
    }

    /// A plain-text answer.
    pub(super) fn text(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            retry_after: None,
            body: body.into(),
        }
    }
}

/// Reads requests from a stream and writes answers to it.
pub(super) struct Connection<S> {
    stream: S,
    /// Bytes that were read and not used yet.
    buffer: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Takes over a stream that nothing was read from.
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// The next request; `None` when the client is done or sends what is not HTTP or too large.
    pub(super) async fn next(&mut self) -> Option<Request> {
        let (mut request, head) = loop {
            if let Some(parsed) = parse_head(&self.buffer)? {
                break parsed;
            }
            if self.buffer.len() > HEAD_LIMIT || !self.fill().await {
                return None;
            }
        };
        self.buffer.drain(..head);
        let chunked = request
            .header("transfer-encoding")
            .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
        request.body = if chunked {
            self.chunks().await?
        } else {
            let length = request.header("content-length").unwrap_or("0");
            self.take(length.parse().ok()?).await?
        };
        Some(request)
    }

    /// Writes an answer; `false` when the client is gone.
    pub(super) async fn answer(&mut self, response: &Response) -> bool {
        let code = http::StatusCode::from_u16(response.status).unwrap_or_default();
        let mut head = format!(
            "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n",
            response.status,
            code.canonical_reason().unwrap_or("Unknown"),
            response.content_type,
            response.body.len()
        );
        if let Some(seconds) = response.retry_after {
            head.push_str(&format!("Retry-After: {seconds}\r\n"));
        }
        head.push_str("\r\n");
        self.send(head.as_bytes()).await && self.send(&response.body).await
    }

    /// Writes bytes as they are; `false` when the client is gone.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok() && self.stream.flush().await.is_ok()
    }

    /// The stream, and what the client sent after its last request.
    pub(super) fn into_parts(self) -> (S, Vec<u8>) {
        (self.stream, self.buffer)
    }

    /// The next bytes of a body; `None` when the client is gone or they are too many.
    async fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        if length > BODY_LIMIT {
            return None;
        }
        while self.buffer.len() < length {
            if !self.fill().await {
                return None;
            }
        }
        Some(self.buffer.drain(..length).collect())
    }

    /// A chunked body; its trailers must be empty. kubectl sends files so.
    async fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let (head, size) = match httparse::parse_chunk_size(&self.buffer).ok()? {
                httparse::Status::Complete(chunk) => chunk,
                httparse::Status::Partial if self.fill().await => continue,
                httparse::Status::Partial => return None,
            };
            self.take(head).await?;
            let size = usize::try_from(size).ok()?;
            let chunk = self.take(size.checked_add(2)?).await?;
            body.extend_from_slice(&chunk[..size]);
            if size == 0 {
                return Some(body);
            }
            if body.len() > BODY_LIMIT {
                return None;
            }
        }
    }

    async fn fill(&mut self) -> bool {
        let mut chunk = [0; 8192];
        match self.stream.read(&mut chunk).await {
            Ok(read) if read > 0 => {
                self.buffer.extend_from_slice(&chunk[..read]);
                true
            }
            _ => false,
        }
    }
}

/// `Some(None)` asks for more bytes, `None` says that these are not HTTP.
fn parse_head(bytes: &[u8]) -> Option<Option<(Request, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADER_LIMIT];
    let mut head = httparse::Request::new(&mut headers);
    match head.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => {
            let headers = head.headers.iter().map(|header| {
                let value = String::from_utf8_lossy(header.value).into_owned();
                (header.name.to_lowercase(), value)
            });
            let request = Request::new(head.method?, head.path?, headers.collect());
            Some(Some((request, length)))
        }
        Ok(httparse::Status::Partial) => Some(None),
        Err(_) => None,
    }
}
