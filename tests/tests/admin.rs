//! `polaris.v1.AdminService`, beside the metrics and nowhere else.

use std::time::Duration;

use polaris_proto::v1::admin_service_client::AdminServiceClient;
use polaris_proto::v1::{ListModelsRequest, ReloadRequest, SetLogFilterRequest};
use polaris_tests::{HarnessError, Server, TestRegistry};
use tonic::Code;
use tonic_types::StatusExt;

const LIMIT: Duration = Duration::from_secs(10);

fn filter(filter: &str, duration_s: u32) -> SetLogFilterRequest {
    SetLogFilterRequest { filter: filter.to_owned(), duration_s }
}

#[tokio::test]
async fn what_is_logged_is_changed_while_the_server_runs() -> Result<(), HarnessError> {
    let registry = TestRegistry::all_variants()?;
    let mut server =
        Server::new(registry.directory()).setting("ADMIN__LISTEN", "127.0.0.1:0").start().await?;
    let address = server.admin_address().await?;
    let mut admin = AdminServiceClient::connect(format!("http://{address}")).await?;
    assert_eq!(admin.set_log_filter(filter("debug", 0)).await.unwrap().into_inner().previous_filter, "info");
    server.client().list_models(ListModelsRequest {}).await.unwrap();
    server.wait_for_line("DEBUG", LIMIT).await?;
    let back = admin.set_log_filter(filter("", 1)).await.unwrap().into_inner();
    assert_eq!(back.previous_filter, "debug");

    let refused = admin.set_log_filter(filter("polaris=loud", 0)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    assert_eq!(refused.get_details_bad_request().unwrap().field_violations[0].field, "filter");

    let mut elsewhere = AdminServiceClient::new(server.channel());
    assert_eq!(elsewhere.reload(ReloadRequest {}).await.unwrap_err().code(), Code::Unimplemented);
    Ok(())
}
