//! Reading AWS: one set of credentials, then the load balancers of each account and region in two waves.

mod accounts;
mod batch;
mod bucket;
mod classic;
mod convert_ec2;
mod convert_elb;
mod convert_elbv2;
mod credentials;
mod detail;
mod ec2;
mod elbv2;
mod failure;
mod find;
mod http;
mod inventory;
mod left_over;
mod marks;
mod plan;
mod reader;
mod refresh;
mod session;
mod tagged;
mod throttle;
mod unnamed;
mod values;

pub(super) use accounts::Accounts;
pub(super) use detail::detail;
pub(super) use find::{Found, find};
pub(super) use left_over::Users;
pub(super) use plan::{Home, Wanted, plan};
pub(super) use session::Sessions;
