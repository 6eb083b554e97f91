//! Every way to have credentials, one after the other, against the AWS double: who the program then is.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]
#![cfg(feature = "live")]

mod support;

use cilium_lb::bundle;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use support::world::World;

const ROLE: &str = "arn:aws:iam::444455556666:role/cilium-lb-audit";

/// A home without anything of the machine, in a world.
struct Home<'w> {
    world: &'w World,
    folder: PathBuf,
}

impl<'w> Home<'w> {
    fn new(world: &'w World, name: &str) -> Self {
        let folder = world.path(name);
        fs::create_dir_all(folder.join(".aws/sso/cache")).unwrap();
        Self { world, folder }
    }

    fn write(&self, name: &str, text: &str) -> &Self {
        fs::write(self.folder.join(name), text).unwrap();
        self
    }

    /// The ARN the program signs in as, or the reason why it could not.
    fn caller(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Result<String, String> {
        let to = self.folder.join("bundle");
        let mut command = self.world.command(&["capture", "gateway/shared-gateway"]);
        command.args(["-n", "gateway", "--no-exec", "--overwrite", "-o"]);
        command.arg(&to).args(arguments).env("HOME", &self.folder);
        for name in [
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_CONFIG_FILE",
            "AWS_SHARED_CREDENTIALS_FILE",
        ] {
            command.env_remove(name);
        }
        let ran = command.envs(environment.iter().copied()).output().unwrap();
        let stderr = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{stderr}");
        let bundle = bundle::read(&to).unwrap();
        let told = bundle
            .iter()
            .find(|(path, _)| path.ends_with("/sts-get-caller-identity.json"));
        match told {
            Some((_, text)) => {
                let identity: Value = serde_json::from_slice(text).unwrap();
                Ok(identity["Arn"].as_str().unwrap().to_owned())
            }
            None => {
                let gaps = &bundle.manifest.gaps;
                let gap = gaps
                    .iter()
                    .find(|gap| gap.source.ends_with("sts-get-caller-identity"))
                    .unwrap_or_else(|| panic!("neither identity nor gap: {gaps:#?}\n{stderr}"));
                Err(gap.reason.clone())
            }
        }
    }
}

/// Answers every request with `body` when it has the header `wants`, on a free port, for as long as the test runs.
fn answers(wants: &'static str, body: Value) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // The thread ends with the process; nothing outlives the test.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines: Vec<String> = BufReader::new(&stream)
                .lines()
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
                .collect();
            let authorised = lines.iter().any(|line| {
                line.to_ascii_lowercase()
                    .contains(&wants.to_ascii_lowercase())
            });
            let (status, body) = if authorised {
                ("200 OK", body.to_string())
            } else {
                ("403 Forbidden", json!({"got": lines}).to_string())
            };
            write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
        }
    });
    url
}

fn keys() -> String {
    "aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = example\n".to_owned()
}

#[test]
fn every_source_of_the_default_chain_signs_in() {
    let world = World::silent();

    let home = Home::new(&world, "keys");
    home.write(".aws/credentials", &format!("[default]\n{}", keys()));
    assert!(home.caller(&[], &[]).is_ok());

    // A role of another account by way of a profile, and by way of the flags.
    let home = Home::new(&world, "roles");
    home.write(".aws/credentials", &format!("[base]\n{}", keys()))
        .write(
            ".aws/config",
            &format!("[profile audit]\nrole_arn = {ROLE}\nsource_profile = base\nexternal_id = of-the-hub\nrole_session_name = by-profile\n"),
        );
    let assumed = "arn:aws:sts::444455556666:assumed-role/cilium-lb-audit/";
    for (environment, arguments, session) in [
        (vec![("AWS_PROFILE", "audit")], vec![], "by-profile"),
        (vec![], vec!["--aws-profile", "audit"], "by-profile"),
        (
            vec![("AWS_PROFILE", "base")],
            vec!["--role-arn", ROLE, "--external-id", "of-the-hub"],
            "kubectl-cilium-lb",
        ),
    ] {
        assert_eq!(
            home.caller(&environment, &arguments),
            Ok(format!("{assumed}{session}"))
        );
    }

    let home = Home::new(&world, "process");
    let printed = json!({"Version": 1, "AccessKeyId": "AKIAEXAMPLE", "SecretAccessKey": "example"});
    home.write("keys.json", &printed.to_string());
    let process = format!("cat {}", home.folder.join("keys.json").display());
    home.write(
        ".aws/config",
        &format!("[default]\ncredential_process = {process}\n"),
    );
    assert!(home.caller(&[], &[]).is_ok());

    let home = Home::new(&world, "irsa");
    home.write("token", "a.web.token");
    let token = home.folder.join("token");
    let environment = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap()),
        ("AWS_ROLE_ARN", ROLE),
        ("AWS_ROLE_SESSION_NAME", "by-token"),
    ];
    assert_eq!(
        home.caller(&environment, &[]),
        Ok(format!("{assumed}by-token"))
    );
}

#[test]
fn pod_identity_and_sso_sign_in_and_an_expired_session_names_the_command() {
    let world = World::silent();
    let far = "2099-01-01T00:00:00Z";

    let home = Home::new(&world, "pod");
    home.write("token", "pod-token");
    let keys = json!({"AccessKeyId": "AKIAEXAMPLE", "SecretAccessKey": "example", "Token": "t", "Expiration": far});
    let url = answers("authorization: pod-token", keys);
    let token = home.folder.join("token");
    let pod = |token: &Path| {
        home.caller(
            &[
                ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url),
                (
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                    token.to_str().unwrap(),
                ),
            ],
            &[],
        )
    };
    assert!(pod(&token).is_ok(), "{:?}", pod(&token));
    home.write("other", "somebody-else");
    assert!(pod(&home.folder.join("other")).is_err());

    let home = Home::new(&world, "sso");
    home.write(
        ".aws/config",
        "[profile dev]\nsso_session = corp\nsso_account_id = 444455556666\nsso_role_name = reader\n\
         [sso-session corp]\nsso_region = eu-west-2\nsso_start_url = https://corp.example/start\n",
    );
    // The name of the cached token is the SHA-1 of the session's name, `corp`.
    let cache = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";
    let cached = |expires: &str| {
        json!({"accessToken": "sso-token", "expiresAt": expires, "startUrl": "https://corp.example/start", "region": "eu-west-2"})
            .to_string()
    };
    let role = json!({"roleCredentials": {"accessKeyId": "AKIAEXAMPLE", "secretAccessKey": "example", "sessionToken": "t", "expiration": 4_070_908_800_000_u64}});
    let url = answers("x-amz-sso_bearer_token: sso-token", role);
    let sso = || home.caller(&[("AWS_ENDPOINT_URL_SSO", &url)], &["--aws-profile", "dev"]);
    home.write(cache, &cached(far));
    assert!(sso().is_ok(), "{:?}", sso());
    home.write(cache, &cached("2020-01-01T00:00:00Z"));
    let reason = sso().unwrap_err();
    assert!(
        reason.starts_with("ExpiredToken: ") && reason.contains("`aws sso login --profile dev`"),
        "{reason}"
    );
}

#[test]
fn what_cannot_sign_in_says_what_to_do_instead() {
    let world = World::silent();
    let home = Home::new(&world, "none");
    let reason = home.caller(&[], &[]).unwrap_err();
    assert!(
        reason.starts_with("NoCredentials: ") && reason.contains("--aws-profile"),
        "{reason}"
    );

    let home = Home::new(&world, "mfa");
    let device = "arn:aws:iam::111122223333:mfa/somebody";
    home.write(".aws/credentials", &format!("[base]\n{}", keys()))
        .write(
            ".aws/config",
            &format!(
                "[profile inner]\nrole_arn = {ROLE}\nsource_profile = base\nmfa_serial = {device}\n\
                      [profile outer]\nrole_arn = {ROLE}\nsource_profile = inner\n\
                      [profile device-only]\nsource_profile = base\nmfa_serial = {device}\n{}",
                keys()
            ),
        );
    world.aws.reset_calls();
    for profile in ["inner", "outer"] {
        let reason = home.caller(&[], &["--aws-profile", profile]).unwrap_err();
        assert!(
            reason.starts_with("MfaRequired: profile inner has mfa_serial")
                && reason.contains(&format!("export-credentials --profile {profile}")),
            "{reason}"
        );
        let by_environment = home.caller(&[("AWS_PROFILE", profile)], &[]);
        assert_eq!(by_environment, Err(reason));
    }
    assert_eq!(
        world.aws.calls().get("sts:AssumeRole"),
        None,
        "the role must not be assumed without the code"
    );
    // Near misses: no role is assumed, and keys of the environment win over AWS_PROFILE.
    assert!(home.caller(&[], &["--aws-profile", "device-only"]).is_ok());
    let keys = [
        ("AWS_PROFILE", "inner"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ];
    assert!(home.caller(&keys, &[]).is_ok());

    let home = Home::new(&world, "broken");
    home.write(".aws/config", "[profile broken\n");
    let reason = home.caller(&[], &[]).unwrap_err();
    assert!(
        reason.starts_with("CredentialsError: ") && reason.contains("line 1"),
        "{reason}"
    );
}
