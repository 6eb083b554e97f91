//! Who asks AWS: the credentials, loaded once with a time limit, and the account they belong to.

use super::accounts::Accounts;
use super::credentials;
use super::failure::Failure;
use super::find::IDENTITY;
use super::http;
use super::reader::{Account, Reader};
use super::refresh::Refreshing;
use crate::collect::deadline::Deadline;
use crate::collect::notebook::Notebook;
use crate::collect::request::AwsOptions;
use crate::model::aws::CallerIdentity;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use std::sync::Arc;
use std::time::Duration;

/// Bound of the credential chain: off EC2 the metadata service does not answer.
const CREDENTIALS: Duration = Duration::from_secs(10);
/// Tries of the first call: what it meets is a wrong network rather than throttling.
const FIRST_TRIES: u32 = 3;
/// How CloudTrail names the session.
const SESSION_NAME: &str = "kubectl-cilium-lb";

/// What stands for the account's number in the template of a role.
const ACCOUNT: &str = "{account}";

/// Which credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Login {
    profile: Option<String>,
    role: Option<String>,
    external_id: Option<String>,
}

/// Credentials and whose they are.
pub(super) struct Signed {
    config: SdkConfig,
    identity: CallerIdentity,
}

/// Signed in, for any region of one account.
#[derive(Clone)]
pub(in crate::collect) struct Session<'a> {
    signed: Arc<Signed>,
    accounts: &'a Accounts,
    deadline: Deadline,
    notebook: &'a Notebook<'a>,
}

impl<'a> Session<'a> {
    /// Who the credentials belong to.
    pub(in crate::collect) fn identity(&self) -> &CallerIdentity {
        &self.signed.identity
    }

    /// A reader of one region.
    pub(super) fn reader(&self, account: &str, region: &str) -> Reader<'a> {
        let account = Account {
            number: account.to_owned(),
            region: region.to_owned(),
        };
        Reader::new(
            &self.signed.config,
            account,
            self.deadline,
            self.accounts,
            self.notebook,
        )
    }
}

/// The sessions of a collection: one per profile, and one per account where a role is made from a template.
pub(in crate::collect) struct Sessions<'a> {
    options: AwsOptions,
    region: Region,
    accounts: &'a Accounts,
    deadline: Deadline,
    notebook: &'a Notebook<'a>,
    open: Vec<Session<'a>>,
}

impl<'a> Sessions<'a> {
    /// Loads the credentials of every profile, assumes the role if one is asked for, and asks whose they are.
    ///
    /// `region` is where load balancers were seen; `--region` wins for signing in.
    ///
    /// # Errors
    /// When no profile's credentials work: the reason, code first, for the gaps of everything that AWS would have told.
    pub(in crate::collect) async fn open(
        options: &AwsOptions,
        region: &str,
        accounts: &'a Accounts,
        deadline: Deadline,
        notebook: &'a Notebook<'a>,
    ) -> Result<Self, String> {
        let region = options.region.clone().unwrap_or_else(|| region.to_owned());
        let mut sessions = Self {
            options: options.clone(),
            region: Region::new(region),
            accounts,
            deadline,
            notebook,
            open: Vec::new(),
        };
        let role = options
            .role_arn
            .clone()
            .filter(|role| !role.contains(ACCOUNT));
        let mut profiles: Vec<Option<String>> =
            options.profiles.iter().cloned().map(Some).collect();
        if profiles.is_empty() {
            profiles.push(None);
        }
        let mut failures = Vec::new();
        for profile in profiles {
            let name = profile.clone();
            match sessions.sign_in(profile, role.clone()).await {
                Ok(session) => sessions.open.push(session),
                Err(reason) => failures.push((name, reason)),
            }
        }
        if sessions.open.is_empty() {
            let reasons: Vec<String> = failures.into_iter().map(|(_, reason)| reason).collect();
            return Err(reasons.join("; "));
        }
        for (profile, reason) in failures {
            let profile = profile.unwrap_or_default();
            let source = format!("aws/unknown/{}/{IDENTITY}", sessions.region);
            notebook.gap(source, format!("{reason} (profile {profile})"));
        }
        Ok(sessions)
    }

    async fn sign_in(
        &self,
        profile: Option<String>,
        role: Option<String>,
    ) -> Result<Session<'a>, String> {
        let login = Login {
            external_id: role.as_ref().and(self.options.external_id.clone()),
            profile,
            role,
        };
        let signed = self.accounts.signed(&login, async {
            let config = signed_in(&login, self.region.clone(), &self.deadline).await?;
            let identity = identity(&config, &self.deadline, self.notebook).await?;
            Ok(Signed { config, identity })
        });
        Ok(Session {
            signed: signed.await.map_err(|failure| failure.to_string())?,
            accounts: self.accounts,
            deadline: self.deadline,
            notebook: self.notebook,
        })
    }

    /// The accounts of the profiles: one of them is meant where nothing names one.
    pub(in crate::collect) fn accounts(&self) -> impl Iterator<Item = &str> {
        self.open
            .iter()
            .map(|session| session.identity().account.as_str())
    }

    /// The session for an account: the profile that belongs to it, else the role of the template there, else the
    /// first, which then says that its account is another.
    ///
    /// # Errors
    /// Why the role cannot be assumed.
    pub(in crate::collect) async fn of(&self, account: &str) -> Result<Session<'a>, String> {
        let own = self
            .open
            .iter()
            .find(|session| session.identity().account == account);
        let template = self
            .options
            .role_arn
            .as_ref()
            .filter(|role| role.contains(ACCOUNT));
        match (own, template) {
            (Some(session), _) => Ok(session.clone()),
            (None, Some(template)) => {
                let profile = self.options.profiles.first().cloned();
                self.sign_in(profile, Some(template.replace(ACCOUNT, account)))
                    .await
            }
            (None, None) => match self.open.first() {
                Some(session) => Ok(session.clone()),
                None => Err("NoCredentials: nobody is signed in".to_owned()),
            },
        }
    }
}

async fn signed_in(
    login: &Login,
    region: Region,
    deadline: &Deadline,
) -> Result<SdkConfig, Failure> {
    let http = http::client(deadline.request())?;
    let base = ProviderConfig::default()
        .with_region(Some(region.clone()))
        .with_http_client(http.clone());
    let asked = login.profile.as_deref();
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
    let Some(role) = &login.role else {
        return Ok(config);
    };
    let mut assumed = AssumeRoleProvider::builder(role)
        .session_name(SESSION_NAME)
        .region(region)
        .configure(&config);
    if let Some(id) = &login.external_id {
        assumed = assumed.external_id(id);
    }
    let provider = SharedCredentialsProvider::new(assumed.build().await);
    let provider = loaded(provider, deadline, profile.as_deref())
        .await
        .map_err(|failure| failure.of_role(role))?;
    Ok(config.to_builder().credentials_provider(provider).build())
}

/// The provider with its first credentials: loaded now, so that their failure is told once and in time. Later ones are
/// loaded when those expire.
async fn loaded(
    provider: SharedCredentialsProvider,
    deadline: &Deadline,
    profile: Option<&str>,
) -> Result<SharedCredentialsProvider, Failure> {
    let credentials = deadline
        .within(CREDENTIALS, provider.provide_credentials())
        .await
        .map_err(|elapsed| Failure::of_waiting(elapsed, profile))?
        .map_err(|error| Failure::of_credentials(&error, profile))?;
    Ok(SharedCredentialsProvider::new(Refreshing::new(
        provider,
        credentials,
    )))
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
