//! Commands on their way: raw bytes to a method of a service.

use std::time::Duration;

use tonic::{
    Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::{Bytes, http::uri::PathAndQuery},
    metadata::{Ascii, MetadataValue},
};

use prost::bytes::{Buf as _, BufMut as _};

use crate::{Bus, process::outbox::Command, trace};

/// How long a command may take; less than the lease.
const DEADLINE: Duration = Duration::from_secs(10);

/// Sends one command and waits for the answer, which is not looked at.
pub(crate) async fn send(bus: &Bus, command: &Command) -> Result<(), Status> {
    let path: PathAndQuery = command
        .method
        .parse()
        .map_err(|_| Status::invalid_argument(format!("{} is not a path", command.method)))?;
    let mut request = Request::new(Bytes::copy_from_slice(&command.body));
    request.set_timeout(DEADLINE);
    let metadata = request.metadata_mut();
    // The bus puts the present span in its place, when there is one.
    let of_the_event: Option<MetadataValue<Ascii>> = command
        .trace_context
        .as_ref()
        .and_then(|context| context.parse().ok());
    if let Some(context) = of_the_event {
        metadata.insert(trace::HEADER, context);
    }
    for (name, id) in [
        ("x-correlation-id", command.correlation_id),
        ("x-causation-id", command.causation_id),
    ] {
        if let Ok(value) = id.to_string().parse() {
            metadata.insert(name, value);
        }
    }
    let answer = tokio::time::timeout(DEADLINE, async {
        let mut client = Grpc::new(bus.channel(&command.service));
        client
            .ready()
            .await
            .map_err(|error| Status::unavailable(error.to_string()))?;
        client.unary(request, path, RawCodec).await
    });
    match answer.await {
        Ok(answer) => answer.map(drop),
        Err(_) => Err(Status::deadline_exceeded("no answer in time")),
    }
}

/// Messages that are encoded already.
struct RawCodec;

impl Codec for RawCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
