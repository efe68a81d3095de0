/*
 * kern_filter.c - the packet filter of the kernel datapath, in nft(8)'s words (see
 * kern_kernel.c): %t is the table's name, %g the mark.
 *
 * Groups of devices (`ip link show group`) are the marks: of had 110, of mrd 109.
 *
 * arrivals: what comes out of a tunnel. Link-local traffic stays on its link (N-46, M-32);
 * ff02::/16 in whatever flags is what `group` looks for. `fib` is N-39: the strict reverse
 * path. The sets are those of kern_guard.h.
 *
 * others: what comes in by other links (kern_frame.c has `homes`).
 *
 * inbound: outer packets from a source that no tunnel of ours has are counted; there is no
 * device for them, and the kernel's "port unreachable" is kept quiet. What XFRM lets in with
 * ICMPv6 is for prefix solicitations and advertisements alone; anything else with a Home
 * Address nobody vouches for, or with an address to be sent on to (RFC 6275 9.3.1, 6.4).
 *
 * outbound: congestion that the inner packet has met is in the outer header, too, as RFC 6040
 * 4.1 has it; ip6tnl still does as RFC 3168. And a Parameter Problem of code 1 would tell a peer
 * that we know no Mobile IPv6, just because the daemon is being started anew.
 *
 * Every packet pays for every rule it meets: what is true of few comes first in a rule, and
 * packets of tunnels leave a chain early.
 *
 * Sets are kept when the table is made anew, and so are rules of others.
 */
#include "common/sys/kern_int.h"

const char kern_kernel_filter[] =
    "add table ip6 %t\n"
    "add set ip6 %t own { type ipv6_addr; }\n"
    "add set ip6 %t links { type ifname; }\n"
    "add set ip6 %t homes { type ifname; }\n"
    "add set ip6 %t ends { type ipv6_addr . ipv6_addr; }\n"
    "add set ip6 %t sourced { type iface_index; }\n"
    "add set ip6 %t destination {"
    " type iface_index . ipv6_addr; flags interval; }\n"
    "add set ip6 %t source-late {"
    " type iface_index . ipv6_addr; flags interval; }\n"
    "add set ip6 %t destination-late {"
    " type iface_index . ipv6_addr; flags interval; }\n"
    "flush table ip6 %t\n"
    "flush set ip6 %t own\n"
    "flush set ip6 %t links\n"
    "flush set ip6 %t homes\n"
    "table ip6 %t {\n"
    "	counter tunnel-link-local { }\n"
    "	counter tunnel-unknown-source { }\n"
    "	counter pass-source { }\n"
    "	counter pass-destination { }\n"
    "	counter pass-late { }\n"
    "	counter encap-link-local { }\n"
    "	counter path-too-narrow { }\n"
    "	chain stray { counter name tunnel-link-local drop; }\n"
    "	chain group { @nh,192,16 & 0xff0f { 0xff00, 0xff01, 0xff02 } goto stray; }\n"
    "	chain others {\n"
    "		iifname @homes ip6 daddr fe80::/10 meta pkttype host fib daddr . iif type != local"
    " counter reject with icmpv6 type addr-unreachable\n"
    "	}\n"
    "	chain arrivals {\n"
    "		type filter hook prerouting priority -150; policy accept;\n"
    "		iifgroup != %g goto others\n"
    "		@nh,64,16 & 0xffc0 0xfe80 goto stray\n"
    "		@nh,192,16 & 0xffc0 0xfe80 goto stray\n"
    "		ip6 daddr ff00::/8 jump group\n"
    "		iif @sourced fib saddr . iif oif exists accept\n"
    "		iif . ip6 daddr @destination accept\n"
    "		iif . ip6 saddr @source-late counter name pass-late accept\n"
    "		iif . ip6 daddr @destination-late counter name pass-late accept\n"
    "		iif @sourced counter name pass-source drop\n"
    "		counter name pass-destination drop\n"
    "	}\n"
    "	chain inbound {\n"
    "		type filter hook input priority 0; policy accept;\n"
    "		meta l4proto 41 ip6 daddr . ip6 saddr != @ends"
    " counter name tunnel-unknown-source\n"
    "		meta l4proto != 58 accept\n"
    "		icmpv6 type != 146 exthdr dst exists counter drop\n"
    "		icmpv6 type != 147 rt type 2 counter drop\n"
    /* An ip6tnl does not fragment, so such a path carries nothing; but anybody can say so. */
    "		icmpv6 type packet-too-big icmpv6 mtu < 1320 @th,112,8 41"
    " counter name path-too-narrow drop\n"
    "	}\n"
    "	chain stays { counter name encap-link-local drop; }\n"
    "	chain greeting {\n"
    "		ip6 saddr fe80::/10 goto stays\n"
    "		ip6 daddr { fe80::/10, ff02::/16 } goto stays\n"
    "	}\n"
    "	chain outbound {\n"
    "		type filter hook output priority 0; policy accept;\n"
    "		oifgroup %g jump greeting\n"
    "		ip6 nexthdr 41 @th,10,2 3 ip6 saddr . ip6 daddr @ends ip6 ecn set ce\n"
    "		meta l4proto != 58 accept\n"
    "		icmpv6 type nd-redirect oifname @links counter drop\n"
    "		icmpv6 type destination-unreachable icmpv6 code port-unreachable"
    " ip6 saddr @own @th,112,8 41 counter drop\n"
    "		icmpv6 type parameter-problem icmpv6 code 1"
    " ip6 saddr @own @th,112,8 { 43, 60, 135 } counter drop\n"
    "	}\n"
    "}\n";
