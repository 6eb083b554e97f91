# Prints what an agent knows, one frame per document: "BOUNDARY DOCUMENT EXIT LENGTH", a line break, the
# document, a line break; and "BOUNDARY DOCUMENT stderr LENGTH" likewise for what it said. Reads only.
# A document above M bytes is not sent, so that it does not take the others with it: the reader stops at 64 MiB.
# Drops are watched while the rest is read, where no Hubble remembers them: some 400 events or 9 s, and PIPE ends it
# without a word. Of Hubble's flows those are asked for that open or accept a connection, and those that were dropped.
B=$1 K=$2 W=$3; shift 3
exec 3>&1 </dev/null
export LC_ALL=C
T=; command -v timeout >/dev/null 2>&1&&T='timeout 6'
C=cilium-dbg; command -v $C >/dev/null 2>&1||C=cilium
D= M=25165824
R=${CILIUM_LB_ROOT:-}
U=$R/var/run/cilium/hubble.sock H='hubble observe -o jsonpb --last 1000'
f() { [ ${#3} -le $M ] || { f "$1" 125 ''; f "$1" stderr "printed ${#3} bytes, more than the $M that are sent"; return; }
printf '%s %s %s %s\n%s\n' "$B" "$1" "$2" "${#3}" "$3" >&3; }
s() { d=$1; shift
e=$( { o=$($T "$@" 3>&-; r=$?; printf .; exit $r); r=$?; f "$d" $r "${o%.}"; exit $r; } 2>&1 ); r=$?
[ -z "$e" ] || f "$d" stderr "$(printf %.600s "$e")"
return $r; }
a() { g=$1; shift
case $D in *$g*) f "$1" 125 ''; f "$1" stderr "not tried: $g did not answer before"; return 1;; esac
s "$@"; r=$?; [ $r != 124 ] || D="$D $g"; return $r; }
r() {
s cilium/bpf-metrics-list.json $C bpf metrics list -o json
s cilium/bpf-lb-list.json $C bpf lb list -o json||s cilium/bpf-lb-list.txt $C bpf lb list||a agent cilium/bpf-lb-maps-dump.txt $C shell -- lb/maps-dump
s cilium/bpf-lb-list-frontends.json $C bpf lb list --frontends -o json
a agent cilium/status.json $C status -o json
a agent cilium/version.json $C version -o json||a agent cilium/version.txt $C version
a agent cilium/config.json $C config --all -o json
for k in $K; do p=$R/tmp/cilium/config-map
[ -d "$p" ] || { f cilium/config-map 1 ''; f cilium/config-map stderr "$p does not exist"; break; }
[ ! -f "$p/$k" ] || s "cilium/config-map/$k" cat "$p/$k"; done
a agent cilium/service-list.json $C service list -o json||a agent cilium/service-list.txt $C service list
for t in frontends services backends ciliumenvoyconfigs envoy-resources devices node-addresses cilium-configs; do
a agent "cilium/db-$t.json" $C shell -- db/show -f json $t||[ $t != devices ]||a agent cilium/statedb-dump.json $C statedb dump; done
a envoy envoy/listeners.json $C envoy admin listeners -o json
a envoy envoy/clusters.json $C envoy admin clusters -o json||a envoy envoy/clusters.txt $C envoy admin clusters
a envoy envoy/config_dump.json $C envoy admin config listeners
a envoy envoy/network_policies.json $C envoy admin config networkpolicies
a envoy envoy/server_info.json $C envoy admin serverinfo
a envoy envoy/stats.txt sh -c '"$0" envoy admin metrics | grep -E "^envoy_listener_downstream_(cx_active|cx_overflow|cx_overload_reject|global_cx_overflow)"' $C
a agent cilium/endpoint-get-ingress.json $C endpoint get -l reserved:ingress -o json
for l in $W; do a agent cilium/${l%s}-list.json $C ${l%s} list -o json; done
[ ! -e "$U" ] || s hubble/flows.json sh -c "$H --verdict DROPPED && $H --tcp-flags SYN"
s cilium/iptables-save.txt sh -c 'iptables-save -t mangle && { iptables-save -t filter || :; }'
s cilium/ip-rule.txt ip rule
s cilium/ip-route-2004.txt ip route show table 2004
s cilium/proc-net-tcp.txt sh -c 'cd "$1/proc/net" && grep -hE "local_address| 0A " tcp && { [ ! -r tcp6 ] || grep -h " 0A " tcp6 || :; }' sh "$R"
s cilium/sysctl.txt sh -c 'cd "$1/proc/sys/net" && grep -H . ipv4/conf/*/rp_filter bridge/bridge-nf-call-iptables 2>/dev/null | sed "s|:| = |;s|/|.|g;s|^|net.|"' sh "$R"
for p; do n=cilium/health-check-node-port.$p.txt
if command -v curl >/dev/null 2>&1; then s $n curl -sS -i -m 3 "http://127.0.0.1:$p/healthz"
else s $n bash -c 'exec 9<>/dev/tcp/127.0.0.1/$1 && printf "GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n" >&9 && cat <&9' bash $p; fi; done
a agent cilium/metrics.txt $C metrics list -p 'bpf_map_pressure|drift_checker|xds_events|feature_adv_connect'
s cilium/bpf-metrics-list.2.json $C bpf metrics list -o json
[ ! "$1" ]||a agent cilium/status-verbose.txt $C status --verbose
}
[ -n "$T" ] && [ ! -e "$U" ] || { r "$@"; f end 0 ''; exit; }
o=$( { exec 2>/dev/null 3>&-; timeout 9 $C monitor -t drop -j; e=$?; [ $e = 124 ] || echo "it ended by itself with exit code $e"; } | sed -u 400q 3>&- & j=$!
r "$@"; kill -PIPE $j 2>/dev/null )
f cilium/monitor-drop.json 0 "$o"
f end 0 ''
