//! What of AWS the objects of a whole cluster use, as far as it decides what is asked about the rest.

use super::aws::Users;
use super::facts::Facts;
use super::request::Request;
use crate::path::ObjectName;
use crate::path::claim::Claimant;
use crate::path::estate::host;

impl Facts {
    /// What is used, in all slices.
    pub(super) fn users(&self, request: &Request) -> Users {
        let mut users = Users {
            slice: request.slice.clone(),
            ..Users::default()
        };
        let name =
            |meta: &crate::model::kubernetes::Meta| ObjectName::new(&meta.namespace, &meta.name);
        for service in self.services() {
            let status = service.status.load_balancer.ingress.iter();
            let hosts = status.filter_map(|entry| entry.hostname.as_deref());
            users.hosts.extend(hosts.map(host));
            if service.hostname().is_none() || service.metadata.deletion_timestamp.is_some() {
                let waiting = Claimant::Service(name(&service.metadata));
                users.needing.insert(waiting);
            }
        }
        for ingress in self.ingresses() {
            let status = ingress.status.load_balancer.ingress.iter();
            let hosts = status.filter_map(|entry| entry.hostname.as_deref());
            users.hosts.extend(hosts.map(host));
            let there = Claimant::Ingress(name(&ingress.metadata));
            users.needing.insert(there);
        }
        for gateway in self.gateways() {
            let addresses = gateway.status.addresses.iter();
            users
                .hosts
                .extend(addresses.map(|address| host(&address.value)));
            let there = Claimant::Gateway(name(&gateway.metadata));
            users.needing.insert(there);
        }
        let arns = self
            .bindings()
            .map(|binding| &binding.spec.target_group_arn);
        users.bound.extend(arns.cloned());
        users
    }
}
