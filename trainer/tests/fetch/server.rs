//! A small HTTP/1.1 server that misbehaves on request.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    /// How many times this path was asked before.
    pub(crate) earlier: usize,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The first byte of the range that is asked for.
    pub(crate) fn range_start(&self) -> Option<usize> {
        self.header("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    sent: usize,
    stalls: bool,
}

impl Reply {
    pub(crate) fn new(status: &'static str, body: &[u8]) -> Self {
        let headers = vec![("Content-Length", body.len().to_string())];
        Self { status, headers, body: body.to_vec(), sent: body.len(), stalls: false }
    }

    /// The whole file, whatever was asked: what a server without ranges does.
    pub(crate) fn whole(body: &[u8]) -> Self {
        Self::new("200 OK", body)
    }

    /// The file or the range of it that is asked for, of a version that is named by its tag.
    pub(crate) fn ranged(request: &Request, body: &[u8], tag: &str) -> Self {
        let fresh = request.header("if-range").is_none_or(|asked| asked == tag);
        match request.range_start().filter(|_| fresh) {
            Some(start) => Self::rest(start, body).with("ETag", tag),
            None => Self::whole(body).with("ETag", tag),
        }
    }

    /// The range from a byte on, whatever was asked.
    pub(crate) fn rest(start: usize, body: &[u8]) -> Self {
        match body.get(start..).filter(|rest| !rest.is_empty()) {
            Some(rest) => {
                let range = format!("bytes {start}-{}/{}", body.len() - 1, body.len());
                Self::new("206 Partial Content", rest).with("Content-Range", range)
            }
            None => Self::new("416 Range Not Satisfiable", b""),
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Only so many bytes of the body, then the connection is cut.
    pub(crate) fn cut(mut self, sent: usize) -> Self {
        self.sent = sent;
        self
    }

    /// Only so many bytes of the body, then nothing, for as long as the other side waits.
    pub(crate) fn stalled(mut self, sent: usize) -> Self {
        self.stalls = true;
        self.cut(sent)
    }

    fn write(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        write!(stream, "HTTP/1.1 {}\r\nConnection: close\r\n", self.status)?;
        for (name, value) in &self.headers {
            write!(stream, "{name}: {value}\r\n")?;
        }
        stream.write_all(b"\r\n")?;
        stream.write_all(self.body.get(..self.sent).unwrap())?;
        stream.flush()
    }
}

/// The server; it lives as long as the process.
pub(crate) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub(crate) fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (answer, log) = (Arc::new(answer), requests.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (answer, log) = (answer.clone(), log.clone());
                // Whoever hangs up early is not the server's concern.
                std::thread::spawn(move || drop(serve(stream.unwrap(), &*answer, &log)));
            }
        });
        Self { address, requests }
    }

    pub(crate) fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All that was asked so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(
    mut stream: TcpStream,
    answer: &impl Fn(&Request) -> Reply,
    log: &Mutex<Vec<Request>>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().unwrap_or(Ok(String::new()))?;
    let Some(path) = first.split(' ').nth(1).map(str::to_owned) else { return Ok(()) };
    let mut headers = HashMap::new();
    for line in &mut lines {
        let line = line?;
        let Some((name, value)) = line.split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let request = {
        let mut log = log.lock().unwrap();
        let earlier = log.iter().filter(|earlier| earlier.path == path).count();
        let request = Request { path, headers, earlier };
        log.push(request.clone());
        request
    };
    let reply = answer(&request);
    reply.write(&mut stream)?;
    if reply.stalls {
        // Ends when the other side hangs up.
        lines.next();
    }
    Ok(())
}
