//! The default chain of credentials, with what the SDK keeps silent about.
//!
//! The same sources in the same order as the AWS CLI: environment, profile (roles, SSO, `credential_process`),
//! web identity (IRSA), container (EKS Pod Identity, ECS), instance metadata. Two things differ from the SDK's
//! own chain: a profile that wants a code from an MFA device is refused instead of being used without it, and
//! off EC2 nobody waits for instance metadata.

use super::failure::Failure;
use crate::collect::text;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileSet};
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::provider::SharedCredentialsProvider;
use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

/// Bound of one question to instance metadata, which is answered from the same host.
const METADATA: Duration = Duration::from_secs(1);
/// Longest chain of `source_profile` that is followed; the SDK refuses loops.
const PROFILES: usize = 16;
/// Where Linux tells who made the machine.
const VENDOR: &str = "/sys/devices/virtual/dmi/id/sys_vendor";

/// The profile that is used: the one asked for, or `AWS_PROFILE`.
pub(super) fn profile_name(asked: Option<&str>) -> Option<String> {
    let from_environment = || std::env::var("AWS_PROFILE").ok();
    asked
        .map(str::to_owned)
        .or_else(from_environment)
        .filter(|name| !name.is_empty())
}

/// The provider for a profile asked for by name, or the whole chain.
///
/// # Errors
/// When a profile that would be used wants a code from an MFA device.
pub(super) async fn provider(
    config: &ProviderConfig,
    asked: Option<&str>,
) -> Result<SharedCredentialsProvider, Failure> {
    let keys = std::env::var_os("AWS_ACCESS_KEY_ID").is_some_and(|key| !key.is_empty());
    if asked.is_some() || !keys {
        refuse_mfa(asked).await?;
    }
    // A profile that is asked for by name wins over keys in the environment, as in the AWS CLI.
    if let Some(name) = asked {
        let profile = ProfileFileCredentialsProvider::builder()
            .configure(config)
            .profile_name(name);
        return Ok(SharedCredentialsProvider::new(profile.build()));
    }
    let profile = ProfileFileCredentialsProvider::builder().configure(config);
    let web_identity = WebIdentityTokenCredentialsProvider::builder().configure(config);
    let container = EcsCredentialsProvider::builder().configure(config);
    let mut chain = CredentialsProviderChain::first_try(
        "Environment",
        EnvironmentVariableCredentialsProvider::new(),
    )
    .or_else("Profile", profile.build())
    .or_else("WebIdentityToken", web_identity.build())
    .or_else("EcsContainer", container.build());
    if may_be_ec2(Path::new(VENDOR)) {
        let client = imds::Client::builder()
            .configure(config)
            .max_attempts(1)
            .operation_timeout(METADATA)
            .operation_attempt_timeout(METADATA)
            .build();
        let metadata = ImdsCredentialsProvider::builder()
            .configure(config)
            .imds_client(client);
        chain = chain.or_else("Ec2InstanceMetadata", metadata.build());
    }
    Ok(SharedCredentialsProvider::new(chain))
}

/// Whether this machine can be an EC2 instance; where nothing tells, it can.
fn may_be_ec2(vendor: &Path) -> bool {
    std::fs::read_to_string(vendor).is_ok_and(|text| text.contains("Amazon")) || !vendor.exists()
}

async fn refuse_mfa(asked: Option<&str>) -> Result<(), Failure> {
    let name = asked.map(|name| Cow::Owned(name.to_owned()));
    let profiles = aws_config::profile::load(
        &Default::default(),
        &Default::default(),
        &Default::default(),
        name,
    )
    .await
    .map_err(|error| Failure::new("CredentialsError", text::chain(&error)))?;
    match mfa(&profiles) {
        Some((profile, device)) => Err(Failure::new(
            "MfaRequired",
            format!(
                "profile {profile} has mfa_serial {device}, and this program does not ask for codes; run \
                 `eval \"$(aws configure export-credentials --profile {0} --format env)\"`, or set credential_process = \
                 aws configure export-credentials --profile {0} --format process in another profile and name that one",
                profiles.selected_profile()
            ),
        )),
        None => Ok(()),
    }
}

/// The first profile of the selected one's chain that assumes a role with an MFA device, and the device.
fn mfa(profiles: &ProfileSet) -> Option<(&str, &str)> {
    let mut name = profiles.selected_profile();
    for _ in 0..PROFILES {
        let profile = profiles.get_profile(name)?;
        let role = profile.get("role_arn");
        if let (Some(_), Some(device)) = (role, profile.get("mfa_serial")) {
            return Some((profile.name(), device));
        }
        name = profile.get("source_profile").filter(|next| *next != name)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::may_be_ec2;

    #[test]
    fn only_a_machine_that_says_otherwise_is_not_an_instance() {
        let folder = tempfile::tempdir().unwrap();
        let vendor = folder.path().join("sys_vendor");
        assert!(may_be_ec2(&vendor));
        std::fs::write(&vendor, "Amazon EC2\n").unwrap();
        assert!(may_be_ec2(&vendor));
        std::fs::write(&vendor, "QEMU\n").unwrap();
        assert!(!may_be_ec2(&vendor));
    }
}
