#!/usr/bin/env bash
# The audit as one would write it with kubectl, the AWS CLI and jq: one call after the other it collects most of what
# `audit` reads, and prints the targets that are not healthy by cluster and target group. It reads more than `audit` in that
# it asks every agent rather than a sample, every load balancer and target group of an account rather than those of its
# clusters, and the ids of security group rules also where every target is healthy; and less in that it leaves out the access
# reviews, single objects, prefix lists and what depends on earlier answers. It names no cause. Kept to be run beside `audit`
# (tests/bench/live.rs).
#
#   audit.sh FOLDER ROLE CONTEXT…      ROLE has {account}, or is empty
set -euo pipefail
out=$1 role=$2
shift 2

kinds=(gateways gatewayclasses httproutes grpcroutes tlsroutes tcproutes udproutes referencegrants services nodes
  deployments daemonsets ingresses endpointslices targetgroupbindings ciliumenvoyconfigs ciliumnodeconfigs
  ciliumclusterwidenetworkpolicies ciliumnetworkpolicies networkpolicies ciliumgatewayclassconfigs events)

cluster() {
  local context=$1 folder=$out/$1
  mkdir -p "$folder/agents"
  local kind
  for kind in "${kinds[@]}"; do
    # A kind whose CustomResourceDefinition is not installed is no error.
    kubectl --context "$context" get "$kind" -A -o json >"$folder/$kind.json" 2>>"$folder/errors" ||
      echo '{"items":[]}' >"$folder/$kind.json"
  done
  kubectl --context "$context" get pods -n kube-system -o json >"$folder/pods.json"
  kubectl --context "$context" get configmap cilium-config -n kube-system -o json >"$folder/cilium-config.json"
  local pod
  for pod in $(jq -r '.items[] | select(.metadata.labels["k8s-app"] == "cilium") | .metadata.name' "$folder/pods.json"); do
    local command
    for command in 'bpf lb list -o json' 'bpf lb list --frontends -o json' 'bpf metrics list -o json' 'status -o json' \
      'version -o json' 'config --all -o json' 'service list -o json' 'shell -- db/show -f json frontends' \
      'shell -- db/show -f json services' 'shell -- db/show -f json backends' 'envoy admin listeners -o json' \
      'envoy admin clusters -o json'; do
      # shellcheck disable=SC2086
      kubectl --context "$context" exec -n kube-system "$pod" -c cilium-agent -- cilium-dbg $command \
        >"$folder/agents/$pod.${command//[^a-z]/-}" 2>>"$folder/errors" || true
    done
    kubectl --context "$context" logs -n kube-system "$pod" -c cilium-agent >"$folder/agents/$pod.log" 2>>"$folder/errors" || true
  done
}

account() (
  local account=$1 region=$2 folder=$out/aws-$1-$2
  mkdir -p "$folder"
  # Version 1 of the CLI reads the second name only.
  export AWS_REGION=$region AWS_DEFAULT_REGION=$region
  if [ -n "$role" ] && [ "$(aws sts get-caller-identity --query Account --output text)" != "$account" ]; then
    local keys
    keys=$(aws sts assume-role --role-session-name audit --role-arn "${role/\{account\}/$account}" --output json)
    AWS_ACCESS_KEY_ID=$(jq -r .Credentials.AccessKeyId <<<"$keys")
    AWS_SECRET_ACCESS_KEY=$(jq -r .Credentials.SecretAccessKey <<<"$keys")
    AWS_SESSION_TOKEN=$(jq -r .Credentials.SessionToken <<<"$keys")
    export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
  fi
  ask() { aws "$1" "$2" "${@:4}" --output json >"$folder/$3.json"; }
  ask elbv2 describe-load-balancers load-balancers
  ask elbv2 describe-target-groups target-groups
  local balancer group
  for balancer in $(jq -r '.LoadBalancers[].LoadBalancerArn' "$folder/load-balancers.json"); do
    ask elbv2 describe-listeners "listeners.${balancer##*/}" --load-balancer-arn "$balancer"
    ask elbv2 describe-load-balancer-attributes "attributes.${balancer##*/}" --load-balancer-arn "$balancer"
    ask elbv2 describe-tags "tags.${balancer##*/}" --resource-arns "$balancer"
  done
  for group in $(jq -r '.TargetGroups[].TargetGroupArn' "$folder/target-groups.json"); do
    ask elbv2 describe-target-health "health.${group##*/}" --target-group-arn "$group"
    ask elbv2 describe-target-group-attributes "attributes.${group##*/}" --target-group-arn "$group"
    ask elbv2 describe-tags "tags.${group##*/}" --resource-arns "$group"
  done
  ask elb describe-load-balancers classic-load-balancers
  for balancer in $(jq -r '.LoadBalancerDescriptions[].LoadBalancerName' "$folder/classic-load-balancers.json"); do
    ask elb describe-instance-health "health.$balancer" --load-balancer-name "$balancer"
  done
  local what
  for what in instances network-interfaces security-groups security-group-rules network-acls route-tables subnets vpcs; do
    ask ec2 "describe-$what" "$what"
  done
)

for context in "$@"; do cluster "$context"; done
jq -r '.items[].spec.targetGroupARN | split(":") | .[4] + " " + .[3]' "$out"/*/targetgroupbindings.json | sort -u |
  while read -r id region; do account "$id" "$region" </dev/null; done

# Bindings joined with the health of their groups.
for context in "$@"; do
  jq -r '.items[] | [.metadata.namespace, .metadata.name, .spec.targetGroupARN] | @tsv' "$out/$context/targetgroupbindings.json" |
    while IFS=$'\t' read -r namespace name arn; do
      health=$(echo "$out"/aws-*/"health.${arn##*/}.json")
      jq -r --arg subject "$context $namespace/$name" \
        '.TargetHealthDescriptions[] | select(.TargetHealth.State != "healthy") | [$subject, .Target.Id, .TargetHealth.State, .TargetHealth.Reason] | @tsv' "$health"
    done
done
