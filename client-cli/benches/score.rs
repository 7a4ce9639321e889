//! How much `polaris-client score` costs beside the models: a server that answers at once with made-up scores, and the
//! processor time and memory of the client.
//!
//! `cargo bench -p polaris-client --bench score -- --records 1000000 --output scored.vcf.gz`

#![expect(clippy::unwrap_used, reason = "a benchmark ends where something is wrong")]

use std::error::Error;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::pin::Pin;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use polaris_proto::v1::polaris_service_server::{PolarisService, PolarisServiceServer};
use polaris_proto::v1::{
    AlleleScores, GetModelRequest, GetModelResponse, Limits, ListModelsRequest, ListModelsResponse,
    LocalizeRequest, LocalizeResponse, Model, ModelValues, PredictRequest, PredictResponse,
    ScoreVariantsRequest, ScoreVariantsResponse, ServerInfoRequest, ServerInfoResponse, WindowScores,
};
use tokio_stream::{Stream, StreamExt};
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

/// Bases of the one contig.
const CONTIG_BASES: usize = 4_000_000;

/// Answers at once.
struct Stub;

type Replies<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl PolarisService for Stub {
    async fn list_models(
        &self,
        _: Request<ListModelsRequest>,
    ) -> Result<Response<ListModelsResponse>, Status> {
        let model = |id: &str| Model {
            id: id.into(),
            version: "1".into(),
            cell_line: "K562".into(),
            assembly: "bench".into(),
            input_length: 1000,
            uses_region: true,
            ..Model::default()
        };
        let limits = Limits {
            max_windows_per_request: 1024,
            max_request_bytes: 16 << 20,
            max_response_bytes: 16 << 20,
        };
        let models = vec![model("QKI.K562"), model("TARDBP.K562")];
        Ok(Response::new(ListModelsResponse { models, limits: Some(limits) }))
    }

    async fn get_model(&self, _: Request<GetModelRequest>) -> Result<Response<GetModelResponse>, Status> {
        Err(Status::unimplemented("get_model"))
    }

    async fn server_info(
        &self,
        _: Request<ServerInfoRequest>,
    ) -> Result<Response<ServerInfoResponse>, Status> {
        Err(Status::unimplemented("server_info"))
    }

    async fn predict(&self, _: Request<PredictRequest>) -> Result<Response<PredictResponse>, Status> {
        Err(Status::unimplemented("predict"))
    }

    type LocalizeStream = Replies<LocalizeResponse>;

    async fn localize(&self, _: Request<LocalizeRequest>) -> Result<Response<Self::LocalizeStream>, Status> {
        Err(Status::unimplemented("localize"))
    }

    type ScoreVariantsStream = Replies<ScoreVariantsResponse>;

    async fn score_variants(
        &self,
        request: Request<Streaming<ScoreVariantsRequest>>,
    ) -> Result<Response<Self::ScoreVariantsStream>, Status> {
        let replies = request.into_inner().map(|request| request.map(|request| answer(&request)));
        Ok(Response::new(Box::pin(replies)))
    }
}

fn answer(request: &ScoreVariantsRequest) -> ScoreVariantsResponse {
    let values = |first: f32| ModelValues { probabilities: vec![first, 0.25], logits: vec![0.0; 2] };
    let allele = AlleleScores {
        alternate: Some(values(0.123_456)),
        deltas: vec![-0.376_544, 0.0],
        logit_deltas: vec![-1.5, 0.0],
        spreads: vec![0.0; 2],
        delta_quantiles: vec![0.975, 0.5],
    };
    let windows = request.windows.iter().map(|window| WindowScores {
        reference: Some(values(0.5)),
        alleles: vec![allele.clone(); window.alleles.len()],
    });
    ScoreVariantsResponse {
        request_id: request.request_id,
        model_ids: vec!["QKI.K562".into(), "TARDBP.K562".into()],
        windows: windows.collect(),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let typed: Vec<String> = std::env::args().collect();
    let option = |name: &str| {
        let place = typed.iter().position(|argument| argument == name)?;
        typed.get(place + 1).cloned()
    };
    let records: usize = option("--records").map_or(Ok(200_000), |records| records.parse())?;
    let output = option("--output").unwrap_or_else(|| "scored.vcf".to_owned());
    let folder = tempfile::tempdir()?;
    let contig = bases();
    write_bundle(folder.path(), &contig)?;
    let input = folder.path().join("in.vcf");
    write_variants(&input, &contig, records)?;

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    let url = format!("http://{}", listener.local_addr()?);
    let service = PolarisServiceServer::new(Stub)
        .max_decoding_message_size(32 << 20)
        .max_encoding_message_size(32 << 20);
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    runtime.spawn(tonic::transport::Server::builder().add_service(service).serve_with_incoming(incoming));

    let output = folder.path().join(output);
    let started = Instant::now();
    let mut client = Command::new(env!("CARGO_BIN_EXE_polaris-client"))
        .args(["score", "-q", "--batch-windows", "512", "--server", &url, "-f"])
        .arg(folder.path().join("reference"))
        .arg(&input)
        .arg("-o")
        .arg(&output)
        .stdin(Stdio::null())
        .spawn()?;
    let mut memory_kib = Vec::new();
    let status = loop {
        if let Some(status) = client.try_wait()? {
            break status;
        }
        memory_kib.extend(resident_kib(client.id()));
        std::thread::park_timeout(Duration::from_millis(100));
    };
    if !status.success() {
        return Err(format!("the client ended with {status}").into());
    }
    report(records, started.elapsed(), &memory_kib)?;
    check_order(&output, records)
}

/// The table.
fn report(records: usize, wall: Duration, memory_kib: &[u64]) -> Result<(), Box<dyn Error>> {
    let processor_s = children_s()?;
    let count = f64::from(u32::try_from(records)?);
    println!("records                        {records}");
    println!("wall clock                     {:.2} s", wall.as_secs_f64());
    println!("processor time of the client   {processor_s:.2} s");
    println!("variants per processor second  {:.0}", count / processor_s);
    println!("variants/s that 2 cores allow  {:.0}", 2.0 * count / processor_s);
    let at = |tenths: usize| memory_kib.get(memory_kib.len() * tenths / 10).map_or(0, |kib| kib / 1024);
    println!("memory at 30%, 60%, 90%        {} MiB, {} MiB, {} MiB", at(3), at(6), at(9));
    Ok(())
}

/// Processor time of all processes that this one has waited for: `cutime` and `cstime` of proc(5), in ticks of 10 ms.
fn children_s() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(')').ok_or("no name in /proc/self/stat")?.1;
    let ticks = after_name.split_whitespace().skip(13).take(2).map(str::parse::<u32>);
    Ok(ticks.sum::<Result<u32, _>>().map(f64::from)? / 100.0)
}

fn resident_kib(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Whether every record came out, where it was.
fn check_order(output: &Path, records: usize) -> Result<(), Box<dyn Error>> {
    if output.extension().is_some_and(|suffix| suffix != "vcf") {
        return Ok(());
    }
    let mut index = 0;
    for line in BufReader::new(File::open(output)?).lines() {
        let line = line?;
        if line.starts_with('#') {
            continue;
        }
        let expected = format!("chr1\t{}\tv{index}\t", position1(index, records));
        if !line.starts_with(&expected) || !line.contains("POLARIS_DELTA=-0.376544") {
            return Err(format!("record {index} is {line}").into());
        }
        index += 1;
    }
    match index == records {
        true => Ok(()),
        false => Err(format!("{index} records came out").into()),
    }
}

fn position1(index: usize, records: usize) -> usize {
    1001 + index * (CONTIG_BASES - 2000) / records
}

fn bases() -> Vec<u8> {
    let mut state = 7_u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        b"ACGT".get(usize::try_from(state >> 62).unwrap()).copied().unwrap_or(b'A')
    };
    std::iter::repeat_with(next).take(CONTIG_BASES).collect()
}

fn write_bundle(folder: &Path, contig: &[u8]) -> Result<(), Box<dyn Error>> {
    let folder = folder.join("reference");
    std::fs::create_dir(&folder)?;
    std::fs::write(folder.join("genome.fa"), [b">chr1\n", contig, b"\n"].concat())?;
    let length = contig.len();
    std::fs::write(folder.join("genome.fa.fai"), format!("chr1\t{length}\t6\t{length}\t{}\n", length + 1))?;
    let mut genes = String::new();
    for start in (1..length - 40_000).step_by(40_000) {
        let end = start + 39_000;
        for (kind, end) in [("gene", end), ("transcript", end), ("exon", start + 500)] {
            let tags = format!("gene_id \"G{start}\"; gene_name \"N{start}\"; transcript_id \"T{start}\";");
            writeln!(genes, "chr1\tx\t{kind}\t{start}\t{end}\t.\t+\t.\t{tags}")?;
        }
    }
    std::fs::write(folder.join("genes.gtf"), genes)?;
    let manifest = "format = 1\nassembly = \"bench\"\nfasta = \"genome.fa\"\nannotation = \"genes.gtf\"\n";
    Ok(std::fs::write(folder.join("reference.toml"), manifest)?)
}

fn write_variants(path: &Path, contig: &[u8], records: usize) -> Result<(), Box<dyn Error>> {
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(b"##fileformat=VCFv4.2\n##contig=<ID=chr1>\n##FILTER=<ID=PASS>\n")?;
    for (id, kind) in [("DP", "Integer"), ("AF", "Float"), ("AC", "Integer")] {
        writeln!(file, "##INFO=<ID={id},Number=.,Type={kind},Description=\"x\">")?;
    }
    file.write_all(b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")?;
    for index in 0..records {
        let at1 = position1(index, records);
        let reference = contig.get(at1 - 1).copied().ok_or("a position off the contig")?;
        let alternate = if reference == b'A' { 'C' } else { 'A' };
        let reference = char::from(reference);
        writeln!(file, "chr1\t{at1}\tv{index}\t{reference}\t{alternate}\t50\tPASS\tDP=31;AF=0.0123;AC=5")?;
    }
    Ok(file.flush()?)
}
