//! Who asks AWS: the credentials, loaded once with a time limit, and the account they belong to.

use super::credentials;
use super::failure::Failure;
use super::http;
use super::reader::{Account, Reader};
use crate::collect::deadline::Deadline;
use crate::collect::notebook::Notebook;
use crate::collect::request::AwsOptions;
use crate::model::aws::CallerIdentity;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use std::time::Duration;

/// Bound of the credential chain: off EC2 the metadata service does not answer.
const CREDENTIALS: Duration = Duration::from_secs(10);
/// Tries of the first call: what it meets is a wrong network rather than throttling.
const FIRST_TRIES: u32 = 3;
/// How CloudTrail names the session.
const SESSION_NAME: &str = "kubectl-cilium-lb";

/// Credentials and their account, for any region.
pub(in crate::collect) struct Session<'a> {
    config: SdkConfig,
    /// Who the credentials belong to.
    pub(in crate::collect) identity: CallerIdentity,
    deadline: Deadline,
    notebook: &'a Notebook<'a>,
}

impl<'a> Session<'a> {
    /// Loads credentials, assumes the role if one is asked for, and asks whose they are.
    ///
    /// `region` is where load balancers were seen; `--region` wins for signing in.
    ///
    /// # Errors
    /// The reason, code first, for the gaps of everything that AWS would have told.
    pub(in crate::collect) async fn sign_in(
        options: &AwsOptions,
        region: &str,
        deadline: Deadline,
        notebook: &'a Notebook<'a>,
    ) -> Result<Self, String> {
        let region = Region::new(options.region.clone().unwrap_or_else(|| region.to_owned()));
        let config = signed_in(options, region, &deadline)
            .await
            .map_err(|f| f.to_string())?;
        let identity = identity(&config, &deadline, notebook)
            .await
            .map_err(|f| f.to_string())?;
        Ok(Self {
            config,
            identity,
            deadline,
            notebook,
        })
    }

    /// A reader of one region.
    pub(super) fn reader(&self, account: &str, region: &str) -> Reader<'a> {
        let account = Account {
            number: account.to_owned(),
            region: region.to_owned(),
        };
        Reader::new(&self.config, account, self.deadline, self.notebook)
    }
}

async fn signed_in(
    options: &AwsOptions,
    region: Region,
    deadline: &Deadline,
) -> Result<SdkConfig, Failure> {
    let http = http::client()?;
    let base = ProviderConfig::default()
        .with_region(Some(region.clone()))
        .with_http_client(http.clone());
    let asked = options.profile.as_deref();
    let profile = credentials::profile_name(asked);
    let provider = credentials::provider(&base, asked).await?;
    let provider = loaded(provider, deadline, profile.as_deref()).await?;
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .region(region.clone())
        .credentials_provider(provider);
    if let Some(profile) = asked {
        loader = loader.profile_name(profile);
    }
    let config = loader.load().await;
    let Some(role) = &options.role_arn else {
        return Ok(config);
    };
    let mut assumed = AssumeRoleProvider::builder(role)
        .session_name(SESSION_NAME)
        .region(region)
        .configure(&config);
    if let Some(id) = &options.external_id {
        assumed = assumed.external_id(id);
    }
    let provider = SharedCredentialsProvider::new(assumed.build().await);
    let provider = loaded(provider, deadline, profile.as_deref())
        .await
        .map_err(|failure| Failure::new("CannotAssumeRole", format!("{role}: {failure}")))?;
    Ok(config.to_builder().credentials_provider(provider).build())
}

/// The provider's credentials as a provider: loaded now, so that their failure is told once and in time.
async fn loaded(
    provider: SharedCredentialsProvider,
    deadline: &Deadline,
    profile: Option<&str>,
) -> Result<SharedCredentialsProvider, Failure> {
    let credentials = deadline
        .within(CREDENTIALS, provider.provide_credentials())
        .await?
        .map_err(|error| Failure::of_credentials(&error, profile))?;
    Ok(SharedCredentialsProvider::new(credentials))
}

async fn identity(
    config: &SdkConfig,
    deadline: &Deadline,
    notebook: &Notebook<'_>,
) -> Result<CallerIdentity, Failure> {
    let retries = RetryConfig::standard().with_max_attempts(FIRST_TRIES);
    let config = aws_sdk_sts::config::Builder::from(config)
        .retry_config(retries)
        .build();
    let client = aws_sdk_sts::Client::from_conf(config);
    notebook.count("sts:GetCallerIdentity");
    let answer = deadline
        .within(deadline.request(), client.get_caller_identity().send())
        .await?
        .map_err(|error| Failure::of_call(&error))?;
    Ok(CallerIdentity {
        account: answer.account.unwrap_or_default(),
        arn: answer.arn.unwrap_or_default(),
    })
}
