//! A call by its path, with encoded messages.

use std::time::Duration;

use e2e::people::User;
use futures::TryStreamExt as _;
use prost::bytes::{Buf as _, BufMut as _};
use tonic::{
    Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::http::uri::PathAndQuery,
    transport::Channel,
};

/// Calls, and gives the encoded messages of the answer one after the other: one, unless the RPC
/// streams.
pub async fn call(
    channel: Channel,
    path: &'static str,
    user: Option<User>,
    message: Vec<u8>,
) -> Result<Vec<u8>, Status> {
    send(channel, path, request(user, message)).await
}

/// The same by a caller who does not wait longer.
pub async fn call_within(
    channel: Channel,
    path: &'static str,
    user: Option<User>,
    message: Vec<u8>,
    patience: Duration,
) -> Result<Vec<u8>, Status> {
    let mut request = request(user, message);
    request.set_timeout(patience);
    send(channel, path, request).await
}

fn request(user: Option<User>, message: Vec<u8>) -> Request<Vec<u8>> {
    match user {
        Some(user) => user.says(message),
        None => Request::new(message),
    }
}

async fn send(
    channel: Channel,
    path: &'static str,
    request: Request<Vec<u8>>,
) -> Result<Vec<u8>, Status> {
    let mut client = Grpc::new(channel);
    client
        .ready()
        .await
        .map_err(|error| Status::unavailable(error.to_string()))?;
    let path = PathAndQuery::from_static(path);
    let answer = client.server_streaming(request, path, Encoded).await?;
    let messages: Vec<Vec<u8>> = answer.into_inner().try_collect().await?;
    Ok(messages.concat())
}

/// Messages that are encoded already.
struct Encoded;

impl Codec for Encoded {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Encoded {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Encoded {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut item = vec![0; buffer.remaining()];
        buffer.copy_to_slice(&mut item);
        Ok(Some(item))
    }
}
