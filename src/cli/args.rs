//! The clap tree.

use super::output::{Colour, OutputArgs, among};
use crate::render::Format;
use crate::report::FailOn;
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use std::path::PathBuf;

/// Says why the targets of an AWS load balancer are unhealthy, hop by hop, on clusters that run Cilium.
///
/// It replays the health check as a packet over evidence from Kubernetes, AWS and every Cilium agent on
/// its way, names the first hop that fails, the field that decides it, and the change that would mend it.
/// It only reads.
#[derive(Debug, Parser)]
#[command(
    name = "kubectl cilium-lb",
    bin_name = "kubectl cilium-lb",
    version,
    max_term_width = 100,
    after_help = "Exit codes: 0 nothing found · 1 findings · 2 wrong usage · 3 incomplete: nothing found, but something \
                  that could have decided was not read · 4 could not diagnose · 130 interrupted"
)]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say why the targets behind a Gateway, Service, Ingress or TargetGroupBinding are unhealthy.
    #[command(visible_alias = "why")]
    WhyUnhealthy(WhyArgs),
    /// Diagnose every load balancer's Service, Gateway and Ingress of clusters.
    Audit(AuditArgs),
    /// Write what a diagnosis would read into a bundle that can be replayed with --from.
    Capture(CaptureArgs),
    /// Print the page of a check.
    Explain(ExplainArgs),
    /// List all checks.
    Checks(ChecksArgs),
    /// Print the least RBAC roles or IAM policy that the program needs.
    Permissions(PermissionsArgs),
    /// Print the JSON schema of the document that -o json prints.
    Schema(SchemaArgs),
    /// Print the version.
    Version(VersionArgs),
    /// Complete commands, flags and live names in a shell.
    ///
    /// `install` puts kubectl_complete-cilium_lb beside the plugin: kubectl's own completion asks it, in every shell.
    /// A script completes kubectl-cilium_lb where it is called directly.
    Completion(CompletionArgs),
    /// Print a page of the manual.
    #[command(hide = true)]
    Man(ManArgs),
}

/// Arguments of `why-unhealthy`.
#[derive(Debug, Args)]
pub(super) struct WhyArgs {
    /// TYPE/NAME, TYPE NAME…, a bare NAME, a load balancer's DNS name, or the ARN of a load balancer or target group.
    ///
    /// Types: service (svc), gateway (gtw), ingress (ing), targetgroupbinding (tgb).
    #[arg(required = true, value_name = "TYPE/NAME")]
    pub(super) subjects: Vec<String>,

    /// Read the evidence from a bundle: a directory, .tar, .tar.gz or .zip.
    #[arg(long, value_name = "BUNDLE")]
    pub(super) from: Option<PathBuf>,

    /// Namespace of the subjects.
    #[arg(short, long)]
    pub(super) namespace: Option<String>,

    /// The severity from which findings make the exit code 1: info, warning, error or never.
    #[arg(long, default_value_t = FailOn::Error, value_name = "SEVERITY")]
    pub(super) fail_on: FailOn,

    #[command(flatten)]
    pub(super) output: OutputArgs,

    #[cfg(feature = "live")]
    #[command(flatten)]
    pub(super) connection: super::connection::ConnectionArgs,
}

/// Arguments of `audit`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct AuditArgs {
    /// What to do instead of an audit.
    #[command(subcommand)]
    pub(super) command: Option<AuditCommand>,

    /// Read the evidence from bundles, one per cluster; may be repeated.
    #[arg(long, value_name = "BUNDLE")]
    pub(super) from: Vec<PathBuf>,

    /// All namespaces; otherwise the context's.
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    pub(super) all_namespaces: bool,

    /// Only the subjects of this namespace.
    #[arg(short, long)]
    pub(super) namespace: Option<String>,

    /// The severity from which findings make the exit code 1: info, warning, error or never.
    #[arg(long, default_value_t = FailOn::Error, value_name = "SEVERITY")]
    pub(super) fail_on: FailOn,

    #[command(flatten)]
    pub(super) policy: super::policy::PolicyArgs,

    #[command(flatten)]
    pub(super) output: OutputArgs,

    #[cfg(feature = "live")]
    #[command(flatten)]
    pub(super) fleet: super::connection::FleetArgs,
}

/// The commands of `audit`.
#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Join the documents of several audits, such as those of all shards, into one.
    Merge(MergeArgs),
}

/// Arguments of `audit merge`.
#[derive(Debug, Args)]
pub(super) struct MergeArgs {
    /// What audits printed with -o json or jsonl.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,

    /// The severity from which findings make the exit code 1: info, warning, error or never.
    #[arg(long, default_value_t = FailOn::Error, value_name = "SEVERITY")]
    pub(super) fail_on: FailOn,

    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// Arguments of `capture`.
#[derive(Debug, Args)]
pub(super) struct CaptureArgs {
    /// TYPE/NAME, as for why-unhealthy.
    #[arg(required_unless_present = "all_namespaces", value_name = "TYPE/NAME")]
    pub(super) subjects: Vec<String>,

    /// Every Service with a load balancer in all namespaces, instead of named subjects.
    #[arg(short = 'A', long, conflicts_with_all = ["subjects", "namespace"])]
    pub(super) all_namespaces: bool,

    /// Where to write: a directory, .tar, .tar.gz or .zip.
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: PathBuf,

    /// Replace what is already there.
    #[arg(long)]
    pub(super) overwrite: bool,

    /// Put stand-ins in the place of account numbers, addresses, host names, identifiers and names of objects; the diagnosis stays the same.
    #[arg(long)]
    pub(super) redact: bool,

    /// Take the evidence from a bundle instead of a cluster, to convert it.
    #[arg(long, value_name = "BUNDLE")]
    pub(super) from: Option<PathBuf>,

    /// Namespace of the subjects.
    #[arg(short, long)]
    pub(super) namespace: Option<String>,

    #[cfg(feature = "live")]
    #[command(flatten)]
    pub(super) connection: super::connection::ConnectionArgs,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// A code such as CLB6104, or a slug such as l7-redirect-missing.
    #[arg(value_name = "CODE")]
    pub(super) code: String,
}

/// Arguments of `checks`.
#[derive(Debug, Args)]
pub(super) struct ChecksArgs {
    /// Output format.
    #[arg(short, long, value_name = "FORMAT", default_value = "table",
          value_parser = among(&["table", "wide", "name", "json", "yaml"]))]
    pub(super) output: Format,
    /// When to use colour.
    #[arg(long, value_enum, default_value_t)]
    pub(super) color: Colour,
}

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// Of which document: diagnosis for one subject, list for an audit.
    #[arg(value_enum, default_value_t)]
    pub(super) document: DocumentKind,
}

/// A kind of document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum DocumentKind {
    /// What `why-unhealthy` prints of one subject.
    #[default]
    Diagnosis,
    /// What `audit` prints, and `why-unhealthy` of several subjects.
    List,
}

/// Arguments of `version`.
#[derive(Debug, Args)]
pub(super) struct VersionArgs {
    /// Output format; name is plain text.
    #[arg(short, long, value_name = "FORMAT", default_value = "name",
          value_parser = among(&["name", "json", "yaml"]))]
    pub(super) output: Format,
}

/// Arguments of `completion`.
#[derive(Debug, Args)]
pub(super) struct CompletionArgs {
    /// What to do.
    #[arg(value_enum)]
    pub(super) action: CompletionAction,
    /// Where kubectl_complete-cilium_lb goes; otherwise beside the plugin.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) dir: Option<PathBuf>,
}

/// What `completion` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CompletionAction {
    /// Print a script for bash.
    Bash,
    /// Print a script for zsh.
    Zsh,
    /// Print a script for fish.
    Fish,
    /// Print a script for PowerShell.
    Powershell,
    /// Let kubectl complete the plugin.
    Install,
    /// Undo install.
    Uninstall,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The command; the whole program without one.
    #[arg(value_name = "COMMAND")]
    pub(super) of: Vec<String>,
}

/// Arguments of `permissions`.
#[derive(Debug, Args)]
pub(super) struct PermissionsArgs {
    /// Whose permissions: rbac prints a ClusterRole and a Role as YAML, iam a policy document as JSON.
    #[arg(value_enum)]
    pub(super) system: System,
    /// For which command.
    #[arg(long, value_enum, default_value_t)]
    pub(super) command: PermittedCommand,
    /// Leave out what --no-exec leaves out: commands in agent Pods.
    #[arg(long)]
    pub(super) no_exec: bool,
    /// Namespace of the Cilium agents.
    #[arg(long, default_value = "kube-system", value_name = "NAMESPACE")]
    pub(super) cilium_namespace: String,
    /// Of iam: allow to assume the role that --role-arn of the other commands gets, {account} standing for any account.
    #[arg(long, value_name = "ARN")]
    pub(super) role_arn: Option<String>,
}

/// A command that needs permissions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum PermittedCommand {
    /// All commands and completion.
    #[default]
    All,
    /// `why-unhealthy`.
    WhyUnhealthy,
    /// `audit`, which reads the same of more.
    Audit,
    /// `capture`, which reads what a diagnosis reads.
    Capture,
    /// Completion of names, which calls nothing of AWS.
    Completion,
}

/// A system that grants permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum System {
    /// Kubernetes.
    Rbac,
    /// AWS.
    Iam,
}
