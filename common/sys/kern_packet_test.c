/*
 * kern_packet_test.c - packets through either datapath, as others see them.
 *
 *	guest g ---- a (mobile router) ---- r (the net) ---- b (home agent) + correspondent
 *	200:1::2    200:1::1    1::1    1::ff  2::ff    2::1     900::1 on lo
 *
 * a and b have a kern each; r and g are plain. r looks at what passes, and is the
 * stranger who forges. Long: a test for each rule of the tunnel, on one stage.
 *
 * Where the kernel datapath differs from the portable one, a test says so with is_kernel;
 * doc/datapath.md has the list.
 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/base.h"
#include "common/base/log.h"
#include "common/sys/kern_lab.h"
#include "common/sys/tunnel.h"
#include "common/wire/icmp6.h"
#include "common/wire/mh.h"

#define TEST(rows, f)                                                                           \
	{                                                                                       \
		.name = rows #f, .test_func = f, .setup_func = setup, .teardown_func = teardown \
	}

#define WAIT_MS 2000 /* for what must come */
#define QUIET_MS 60  /* for what must not */
#define PORT 4000

struct fixture {
	struct lab_ns a, b, g, r;
	struct lab_ns *all[2]; /* those with loops */
	struct kobj_tunnel there, back;
	int wire; /* r: everything that comes in on its links, from the IPv6 header on */
	bool is_kernel;
	int from_g, at_b; /* UDP sockets of the guest and its correspondent */
};

/* ---- the stage ---- */

static void
set(struct fixture *f, struct lab_ns *ns, const struct kobj *o)
{
	(void)f;
	lab_enter(ns);
	assert_int_equal(kern_set(ns->kern, o), 0);
}

static void
set_pass(struct fixture *f, struct lab_ns *ns, enum kobj_side side, const char *prefix, bool late)
{
	struct kobj o = { .kind = KOBJ_PASS };

	o.pass.tunnel = ns == &f->a ? f->there : f->back;
	o.pass.side = side;
	o.pass.prefix = lab_prefix(prefix);
	o.pass.late = late;
	set(f, ns, &o);
}

static void
set_route(struct fixture *f, struct lab_ns *ns, const char *prefix)
{
	struct kobj tunnel = { .kind = KOBJ_TUNNEL }, route = { .kind = KOBJ_ROUTE };

	tunnel.tunnel = ns == &f->a ? f->there : f->back;
	set(f, ns, &tunnel);
	route.route.table = KOBJ_TABLE_MAIN;
	route.route.metric = 1024;
	route.route.dst = lab_prefix(prefix);
	route.route.dev = kobj_tunnel_dev(&tunnel.tunnel);
	set(f, ns, &route);
}

static int
udp(const struct lab_ns *ns, const char *addr)
{
	const struct sockaddr_in6 a = {
		.sin6_family = AF_INET6, .sin6_port = htons(PORT), .sin6_addr = lab_addr(addr)
	};
	int fd;

	lab_enter(ns);
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static int
raw(const struct lab_ns *ns, int protocol)
{
	int fd;

	lab_enter(ns);
	fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	assert_true(fd >= 0);
	return fd;
}

static int
sniffer(const struct lab_ns *ns)
{
	int fd;

	lab_enter(ns);
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_IPV6));
	assert_true(fd >= 0);
	return fd;
}

static void
address(const struct lab_ns *ns, const char *dev, const char *addr, const char *via)
{
	lab_run(ns, "ip addr add %s dev %s nodad", addr, dev);
	if (via)
		lab_run(ns, "ip -6 route add default via %s dev %s", via, dev);
}

static int
setup_with(void **state, int mtu_r_b, uint8_t class, uint8_t hop_limit)
{
	const enum kern_datapath datapath = lab_datapath(state);
	const struct kern_opts mrd = { .name = "mrd",
		.mark = KERN_MARK_MRD,
		.datapath = datapath,
		.traffic_class = class,
		.hop_limit = hop_limit };
	const struct kern_opts had = { .name = "had",
		.mark = KERN_MARK_HAD,
		.datapath = datapath,
		.traffic_class = class,
		.hop_limit = hop_limit };
	struct fixture *f = calloc(1, sizeof(*f));

	f->is_kernel = datapath == KERN_KERNEL;

	lab_make(&f->a);
	lab_make(&f->b);
	lab_make(&f->g);
	lab_make(&f->r);
	lab_run(&f->a, "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
	lab_run(&f->b, "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
	lab_run(&f->r, "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
	lab_join(&f->a, "ag", &f->g, "ga");
	lab_join(&f->a, "ar", &f->r, "ra");
	lab_join(&f->b, "bw", &f->r, "rb");
	address(&f->a, "ag", "2001:db8:200:1::1/64", NULL);
	address(&f->g, "ga", "2001:db8:200:1::2/64", "2001:db8:200:1::1");
	address(&f->a, "ar", "2001:db8:1::1/64", "2001:db8:1::ff");
	address(&f->r, "ra", "2001:db8:1::ff/64", NULL);
	address(&f->r, "rb", "2001:db8:2::ff/64", NULL);
	address(&f->b, "bw", "2001:db8:2::1/64", "2001:db8:2::ff");
	address(&f->b, "lo", "2001:db8:900::1/128", NULL);
	lab_run(&f->r, "ip link set rb mtu %d", mtu_r_b);
	lab_open(&f->a, &mrd);
	lab_open(&f->b, &had);
	f->all[0] = &f->a;
	f->all[1] = &f->b;
	f->there = (struct kobj_tunnel){ lab_addr("2001:db8:1::1"), lab_addr("2001:db8:2::1") };
	f->back = (struct kobj_tunnel){ f->there.remote, f->there.local };
	set_route(f, &f->a, "2001:db8:900::/64");
	set_route(f, &f->b, "2001:db8:200:1::/64");
	set_pass(f, &f->a, KOBJ_DESTINATION, "2001:db8:200:1::/64", false);
	set_pass(f, &f->b, KOBJ_SOURCE, "2001:db8:200:1::/64", false);
	f->wire = sniffer(&f->r);
	f->from_g = udp(&f->g, "2001:db8:200:1::2");
	f->at_b = udp(&f->b, "2001:db8:900::1");
	*state = f;
	return 0;
}

static int
setup(void **state)
{
	return setup_with(state, 1500, 0, 0);
}

static int
setup_too_narrow(void **state)
{
	return setup_with(state, 1300, 0, 0);
}

/* An ip6tnl does not fragment: 1320 octets is what it needs to carry 1280. */
static int
setup_narrow(void **state)
{
	return setup_with(state, lab_datapath(state) == KERN_KERNEL ? 1320 : 1300, 0, 0);
}

static int
setup_class(void **state)
{
	return setup_with(state, 1500, 0xb8 | 3, 0); /* EF; the low bits must not get through */
}

static int
setup_one_hop(void **state)
{
	return setup_with(state, 1500, 0, 1);
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	close(f->wire);
	close(f->from_g);
	close(f->at_b);
	lab_drop(&f->a);
	lab_drop(&f->b);
	lab_drop(&f->g);
	lab_drop(&f->r);
	free(f);
	return 0;
}

/* ---- acts ---- */

static ssize_t
udp_send(int fd, const char *to, size_t n)
{
	static const uint8_t zeros[2000];
	const struct sockaddr_in6 a = {
		.sin6_family = AF_INET6, .sin6_port = htons(PORT), .sin6_addr = lab_addr(to)
	};

	assert_in_range(n, 1, sizeof(zeros));
	return sendto(fd, zeros, n, 0, (const struct sockaddr *)&a, sizeof(a));
}

static void
set_int(int fd, int level, int name, int value)
{
	assert_int_equal(setsockopt(fd, level, name, &value, sizeof(value)), 0);
}

/* The next packet on the wire with that next header; 0: none came. */
static size_t
seen(struct fixture *f, uint8_t next_header, uint8_t p[static 2048], int ms)
{
	ssize_t n;

	do {
		n = lab_recv(f->all, 2, f->wire, p, 2048, ms);
	} while (n > 0 && p[6] != next_header);
	return n > 0 ? (size_t)n : 0;
}

static bool
arrives(struct fixture *f, int fd, int ms)
{
	uint8_t p[2048];

	return lab_recv(f->all, 2, fd, p, sizeof(p), ms) > 0;
}

struct waiting {
	const struct lab_ns *ns;
	const char *name;
	uint64_t n;
};

static bool
counted(void *ctx)
{
	const struct waiting *w = ctx;

	return lab_counter(w->ns, w->name) >= w->n;
}

static void
assert_counts(struct fixture *f, const struct lab_ns *ns, const char *name, uint64_t n)
{
	struct waiting w = { ns, name, n };

	if (!lab_until(f->all, 2, counted, &w, WAIT_MS))
		fail_msg("%s did not come to %lu", name, (unsigned long)n);
	assert_int_equal(lab_counter(ns, name), n);
}

/* An inner packet for forging: UDP to PORT, its checksum right. */
static size_t
inner(uint8_t p[static 2048], const char *src, const char *dst, uint8_t class, uint8_t first_option)
{
	struct wire_writer w = { .base = p, .len = 2048 };
	const struct in6_addr from = lab_addr(src), to = lab_addr(dst);
	bool has_option = first_option != UINT8_MAX;
	size_t at;
	uint16_t sum;

	wire_put_u32(&w, 0x60000000u | (uint32_t) class << 20);
	wire_put_u16(&w, has_option ? 24 : 16);
	wire_put_u8(&w, has_option ? IP6_DEST_OPTS : IPPROTO_UDP);
	wire_put_u8(&w, 64);
	wire_put_addr(&w, from);
	wire_put_addr(&w, to);
	if (has_option) { /* a tunnel encapsulation limit */
		const uint8_t option[] = { IPPROTO_UDP, 0, 4, 1, first_option, 1, 1, 0 };

		wire_put(&w, option, sizeof(option));
	}
	at = w.pos;
	wire_put_u16(&w, PORT);
	wire_put_u16(&w, PORT);
	wire_put_u16(&w, 16);
	wire_put_u16(&w, 0);
	wire_put_u64(&w, 0x686f6d65706f7274);
	sum = ip6_checksum(&from, &to, IPPROTO_UDP, p + at, 16);
	p[at + 6] = (uint8_t)(sum >> 8);
	p[at + 7] = (uint8_t)sum;
	assert_false(w.bad);
	return w.pos;
}

/* r sends it to b in an outer header that may well be a lie. */
static void
forge(struct fixture *f, const char *outer_src, uint8_t outer_class, const uint8_t *p, size_t n)
{
	const struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_addr = f->there.remote };
	int fd = raw(&f->r, IPPROTO_RAW);
	uint8_t whole[2048];
	struct wire_writer w = { .base = whole, .len = sizeof(whole) };

	wire_put_u32(&w, 0x60000000u | (uint32_t)outer_class << 20);
	wire_put_u16(&w, (uint16_t)n);
	wire_put_u8(&w, IP6_IPV6);
	wire_put_u8(&w, 64);
	wire_put_addr(&w, lab_addr(outer_src));
	wire_put_addr(&w, f->there.remote);
	wire_put(&w, p, n);
	assert_int_equal(
	    sendto(fd, whole, w.pos, 0, (const struct sockaddr *)&to, sizeof(to)), w.pos);
	close(fd);
}

#define GUEST "2001:db8:200:1::2"
#define PEER "2001:db8:900::1"
#define CAREOF "2001:db8:1::1"
#define AGENT "2001:db8:2::1"
#define NOWHERE UINT8_MAX /* no encapsulation limit */

/* ---- through the tunnel ---- */

static void
packets_go_both_ways_through_the_tunnel(void **state)
{
	struct fixture *f = *state;
	struct kern_tunnel_info info;

	udp_send(f->from_g, PEER, 100);
	assert_true(arrives(f, f->at_b, WAIT_MS));
	udp_send(f->at_b, GUEST, 100);
	assert_true(arrives(f, f->from_g, WAIT_MS));
	assert_int_equal(kern_tunnel_info(f->a.kern, &f->there, &info), 0);
	assert_int_equal(info.out_packets, 1);
	assert_int_equal(info.out_octets, 148);
	assert_int_equal(info.in_packets, 1);
	assert_int_equal(info.in_octets, 148);
	assert_int_equal(info.in_dropped + info.out_dropped, 0);
}

static void
the_outer_header_is_from_end_to_end_with_hop_limit_64_class_0_and_label_0(void **state)
{
	struct fixture *f = *state;
	uint8_t p[2048];
	struct in6_addr src, dst;

	udp_send(f->from_g, PEER, 100);
	assert_int_equal(seen(f, IP6_IPV6, p, WAIT_MS), 40 + 148);
	src = tunnel_source(p);
	dst = tunnel_destination(p);
	assert_true(ip6_equal(&src, &f->there.local));
	assert_true(ip6_equal(&dst, &f->there.remote));
	assert_int_equal(p[0], 0x60);
	assert_int_equal(p[1] & 0xf0, 0);
	if (!f->is_kernel) /* ip6tnl labels flows, for whoever spreads load (RFC 6438) */
		assert_memory_equal(p + 1, "\0\0\0", 3);
	assert_int_equal(p[7], 64);
}

static void
the_tunnel_is_one_hop_for_the_inner_packet(void **state)
{
	struct fixture *f = *state;
	uint8_t p[2048];

	set_int(f->from_g, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 17);
	udp_send(f->from_g, PEER, 100);
	assert_true(seen(f, IP6_IPV6, p, WAIT_MS) > 0);
	assert_int_equal(p[40 + 7], 16);
}

static void
the_outer_class_is_the_configured_one_with_the_inner_ecn(void **state)
{
	struct fixture *f = *state;
	uint8_t p[2048];

	for (int ecn = 0; ecn < 4; ecn++) {
		set_int(f->from_g, IPPROTO_IPV6, IPV6_TCLASS, 0x28 | ecn);
		udp_send(f->from_g, PEER, 100);
		assert_true(seen(f, IP6_IPV6, p, WAIT_MS) > 0);
		assert_int_equal((uint8_t)(p[0] << 4 | p[1] >> 4), 0xb8 | ecn);
		assert_int_equal((uint8_t)(p[40] << 4 | p[41] >> 4), 0x28 | ecn);
	}
}

static void
congestion_marks_leave_the_tunnel_or_stop_what_cannot_carry_them(void **state)
{
	struct fixture *f = *state;
	uint8_t p[2048];
	size_t n;

	set_int(f->at_b, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
	for (uint8_t in = 0; in < 4; in++) {
		for (uint8_t out = 0; out < 4; out++) {
			uint64_t before = lab_counter(&f->b, "tunnel-ecn");
			uint8_t octets[64], control[64];
			struct iovec iov = { octets, sizeof(octets) };
			struct msghdr m = { .msg_iov = &iov,
				.msg_iovlen = 1,
				.msg_control = control,
				.msg_controllen = sizeof(control) };
			struct pollfd wait = { .fd = f->at_b, .events = POLLIN };
			int expected = tunnel_ecn(in, out), class;

			n = inner(p, GUEST, PEER, (uint8_t)(0x40 | in), NOWHERE);
			forge(f, CAREOF, out, p, n);
			if (expected < 0) {
				assert_counts(f, &f->b, "tunnel-ecn", before + 1);
				continue;
			}
			for (int i = 0; i < WAIT_MS && poll(&wait, 1, 1) == 0; i++)
				lab_turn(f->all, 2);
			assert_int_equal(recvmsg(f->at_b, &m, MSG_DONTWAIT), 8);
			memcpy(&class, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(class));
			assert_int_equal(class, 0x40 | expected);
		}
	}
}

/* ---- sizes ---- */

static int
path_mtu_seen_by(int fd)
{
	const struct sockaddr_in6 to = {
		.sin6_family = AF_INET6, .sin6_port = htons(PORT), .sin6_addr = lab_addr(PEER)
	};
	int mtu = 0;
	socklen_t len = sizeof(mtu);

	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(getsockopt(fd, IPPROTO_IPV6, IPV6_MTU, &mtu, &len), 0);
	return mtu;
}

static bool
is_told_1460(void *ctx)
{
	return path_mtu_seen_by(*(int *)ctx) == 1460;
}

static void
what_does_not_fit_is_answered_with_the_tunnel_mtu(void **state)
{
	struct fixture *f = *state;

	set_int(f->from_g, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO);
	udp_send(f->from_g, PEER, 1413); /* 1461 with its headers */
	assert_true(lab_until(f->all, 2, is_told_1460, &f->from_g, WAIT_MS));
	assert_false(arrives(f, f->at_b, QUIET_MS));
	udp_send(f->from_g, PEER, 1412);
	assert_true(arrives(f, f->at_b, WAIT_MS));
}

static bool
is_told_1280(void *ctx)
{
	return path_mtu_seen_by(*(int *)ctx) == 1280;
}

static bool
mtu_is_1280(void *ctx)
{
	struct fixture *f = ctx;
	struct kern_tunnel_info info;

	assert_int_equal(kern_tunnel_info(f->a.kern, &f->there, &info), 0);
	return info.mtu == 1280;
}

/*
 * The path narrows to 1300 octets (setup_narrow) behind the first link. The first packet that is
 * too long teaches the tunnel's entry, which passes it on to the source at once (2473 8.2); the
 * second meets the new MTU of the device. No packet of 1280 is lost then.
 */
static void
a_narrow_path_is_learnt_and_told_and_1280_octets_go_through_in_fragments(void **state)
{
	struct fixture *f = *state;
	uint8_t p[2048];
	size_t first, second;

	set_int(f->from_g, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO);
	udp_send(f->from_g, PEER, 1400);
	assert_true(lab_until(f->all, 2, mtu_is_1280, f, WAIT_MS));
	assert_non_null(lab_event(&f->a, KERN_TUNNEL));
	assert_int_equal(lab_event(&f->a, KERN_TUNNEL)->mtu, 1280);
	assert_true(lab_until(f->all, 2, is_told_1280, &f->from_g, WAIT_MS));
	if (f->is_kernel)
		return; /* ip6tnl does not fragment: a path needs 1320 octets for 1280 */
	assert_counts(f, &f->a, "error-relayed", 1);
	while (recv(f->wire, p, sizeof(p), 0) > 0)
		continue;
	udp_send(f->from_g, PEER, 1280 - 48);
	first = seen(f, IP6_FRAGMENT, p, WAIT_MS);
	second = seen(f, IP6_FRAGMENT, p, WAIT_MS);
	assert_in_range(first, 41, 1300);
	assert_int_equal(first + second, 2 * (40 + 8) + 1280);
	assert_true(arrives(f, f->at_b, WAIT_MS));
}

/* On the kernel datapath: it carries nothing then, and anybody can say so. */
static void
who_says_that_a_path_is_too_narrow_for_ipv6_in_ipv6_is_not_believed(void **state)
{
	struct fixture *f = *state;
	struct kern_tunnel_info info;

	if (!f->is_kernel)
		return;
	set_int(f->from_g, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO);
	udp_send(f->from_g, PEER, 1400);
	assert_counts(f, &f->a, "path-too-narrow", 1);
	assert_int_equal(kern_tunnel_info(f->a.kern, &f->there, &info), 0);
	assert_int_equal(info.mtu, 1460);
}

static void
a_long_packet_back_is_fragmented_by_the_home_agent_and_reassembled_before_decapsulation(
    void **state)
{
	struct fixture *f = *state;
	struct kern_tunnel_info info;
	uint8_t p[2048];

	if (f->is_kernel)
		return;
	/* b's own link is narrow, too, from here on: no error is needed to know. */
	lab_run(&f->b, "ip link set bw mtu 1300");
	for (int i = 0; i < 2; i++) {
		udp_send(f->at_b, GUEST, 1280 - 48);
		assert_true(seen(f, IP6_FRAGMENT, p, WAIT_MS) > 0);
		assert_true(arrives(f, f->from_g, WAIT_MS));
	}
	assert_int_equal(kern_tunnel_info(f->a.kern, &f->there, &info), 0);
	assert_int_equal(info.in_packets, 2);
	assert_int_equal(info.in_octets, 2 * 1280);
}

/* ---- what may come out ---- */

static void
an_unknown_outer_source_gets_nothing_through(void **state)
{
	struct fixture *f = *state;
	uint8_t p[2048];
	size_t n = inner(p, GUEST, PEER, 0, NOWHERE);

	forge(f, "2001:db8:1::bad", 0, p, n);
	assert_counts(f, &f->b, "tunnel-unknown-source", 1);
	assert_false(arrives(f, f->at_b, QUIET_MS));
	forge(f, CAREOF, 0, p, n);
	assert_true(arrives(f, f->at_b, WAIT_MS));
}

static void
an_inner_source_that_is_not_the_routers_is_dropped_and_counted(void **state)
{
	struct fixture *f = *state;
	struct kern_tunnel_info info;
	uint8_t p[2048];
	size_t n = inner(p, "2001:db8:200:2::2", PEER, 0, NOWHERE);

	forge(f, CAREOF, 0, p, n);
	assert_counts(f, &f->b, "pass-source", 1);
	assert_false(arrives(f, f->at_b, QUIET_MS));
	if (f->is_kernel)
		return; /* the filter counts for all tunnels together */
	assert_int_equal(kern_tunnel_info(f->b.kern, &f->back, &info), 0);
	assert_int_equal(info.in_dropped, 1);
	assert_int_equal(info.in_packets, 0);
}

static void
an_inner_destination_outside_of_the_prefix_does_not_reach_the_host(void **state)
{
	struct fixture *f = *state;

	/* The home agent sends a stray packet down the mobile router's tunnel. */
	set_route(f, &f->b, "2001:db8:200:9::/64");
	udp_send(f->at_b, "2001:db8:200:9::1", 100);
	assert_counts(f, &f->a, "pass-destination", 1);
}

static void
packets_of_the_old_host_pass_while_the_grace_lasts(void **state)
{
	struct fixture *f = *state;
	struct kobj o = { .kind = KOBJ_PASS }, moved = { .kind = KOBJ_ROUTE };
	uint8_t p[2048];
	size_t n = inner(p, GUEST, PEER, 0, NOWHERE);

	moved.route.table = KOBJ_TABLE_MAIN;
	moved.route.metric = 1024;
	moved.route.dst = lab_prefix("2001:db8:200:1::/64");
	moved.route.type = KOBJ_UNREACHABLE;
	set(f, &f->b, &moved);
	set_pass(f, &f->b, KOBJ_SOURCE, "2001:db8:200:1::/64", true);
	forge(f, CAREOF, 0, p, n);
	assert_true(arrives(f, f->at_b, WAIT_MS));
	assert_int_equal(lab_counter(&f->b, "pass-late"), 1);
	o.pass.tunnel = f->back;
	o.pass.prefix = lab_prefix("2001:db8:200:1::/64");
	assert_int_equal(kern_clear(f->b.kern, &o), 0);
	forge(f, CAREOF, 0, p, n);
	assert_false(arrives(f, f->at_b, QUIET_MS));
	assert_int_equal(lab_counter(&f->b, "pass-late"), 1);
}

static void
link_local_packets_neither_enter_nor_leave_a_tunnel(void **state)
{
	struct fixture *f = *state;
	uint8_t p[2048];
	size_t n = inner(p, "fe80::2", PEER, 0, NOWHERE);

	forge(f, CAREOF, 0, p, n);
	assert_counts(f, &f->b, "tunnel-link-local", 1);
	n = inner(p, GUEST, "ff02::1", 0, NOWHERE);
	forge(f, CAREOF, 0, p, n);
	assert_counts(f, &f->b, "tunnel-link-local", 2);
	lab_run(&f->a, "ip -6 addr add fe80::1/64 dev hp0 nodad");
	lab_run(&f->a, "ping -6 -q -c 1 -W 1 fe80::2%%hp0 >/dev/null 2>&1 || true");
	if (!f->is_kernel) /* which needs no turn of ours */
		assert_true(lab_counter(&f->a, "encap-link-local") == 0);
	lab_turn(f->all, 2);
	assert_true(lab_counter(&f->a, "encap-link-local") > 0);
	assert_int_equal(seen(f, IP6_IPV6, p, QUIET_MS) > 0 && p[40 + 8] == 0xfe, 0);
}

static void
what_is_no_packet_is_dropped_and_counted(void **state)
{
	static const size_t sizes[] = { 60, 50, 7 }; /* not IPv6, cut short, no header */
	struct fixture *f = *state;
	uint8_t p[2048] = { 0x45 };

	for (size_t i = 0; i < countof(sizes); i++) {
		if (i > 0)
			(void)inner(p, GUEST, PEER, 0, NOWHERE);
		forge(f, CAREOF, 0, p, sizes[i]);
		if (!f->is_kernel) /* which counts them in Ip6InHdrErrors and Ip6InTruncatedPkts */
			assert_counts(f, &f->b, "tunnel-malformed", i + 1);
	}
	assert_false(arrives(f, f->at_b, QUIET_MS));
}

static void
a_tunnel_does_not_carry_its_own_outer_packets(void **state)
{
	struct fixture *f = *state;
	const struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_addr = lab_addr(AGENT) };
	uint8_t p[2048];
	size_t n = inner(p, CAREOF, AGENT, 0, NOWHERE);
	int fd = raw(&f->a, IPPROTO_RAW);

	set_route(f, &f->a, "2001:db8:2::1/128");
	assert_int_equal(sendto(fd, p, n, 0, (const struct sockaddr *)&to, sizeof(to)), n);
	close(fd);
	assert_counts(f, &f->a, "encap-loop", 1);
}

/* ---- the encapsulation limit ---- */

static void
g_sends(struct fixture *f, const uint8_t *p, size_t n)
{
	const struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_addr = lab_addr(PEER) };
	int fd = raw(&f->g, IPPROTO_RAW);

	assert_int_equal(sendto(fd, p, n, 0, (const struct sockaddr *)&to, sizeof(to)), n);
	close(fd);
}

static void
a_packet_with_limit_2_enters_with_limit_1_and_comes_out_without_the_outer_one(void **state)
{
	struct fixture *f = *state;
	uint8_t p[2048];

	g_sends(f, p, inner(p, GUEST, PEER, 0, 2));
	assert_int_equal(seen(f, IP6_DEST_OPTS, p, WAIT_MS), 40 + 8 + 64);
	assert_memory_equal(p + 40, "\x29\0\x04\x01\x01", 5);
	assert_true(arrives(f, f->at_b, WAIT_MS));
}

static void
a_packet_with_limit_0_is_answered_with_a_parameter_problem_at_the_limit(void **state)
{
	struct fixture *f = *state;
	int icmp = raw(&f->g, IPPROTO_ICMPV6);
	uint8_t p[2048];
	ssize_t n;

	g_sends(f, p, inner(p, GUEST, PEER, 0, 0));
	do {
		n = lab_recv(f->all, 2, icmp, p, sizeof(p), WAIT_MS);
	} while (n > 0 && p[0] >= 128);
	close(icmp);
	assert_true(n >= 8);
	assert_int_equal(p[0], ICMP6_PARAMETER);
	assert_int_equal(p[1], 0);
	assert_memory_equal(p + 4, "\0\0\0\x2c", 4);
	if (!f->is_kernel)
		assert_int_equal(lab_counter(&f->a, "encap-limit"), 1);
}

/* ---- errors from inside ---- */

static void
assert_address_unreachable_at_the_guest(struct fixture *f)
{
	int icmp = raw(&f->g, IPPROTO_ICMPV6);
	uint8_t p[2048];
	ssize_t n;

	udp_send(f->from_g, PEER, 100);
	do {
		n = lab_recv(f->all, 2, icmp, p, sizeof(p), WAIT_MS);
	} while (n > 0 && p[0] >= 128);
	close(icmp);
	assert_true(n > 8 + 40 + 8);
	assert_int_equal(p[0], ICMP6_UNREACHABLE);
	assert_int_equal(p[1], 3);
	assert_int_equal(p[8 + 6], IPPROTO_UDP); /* it is about the inner packet */
}

static void
an_unreachable_tunnel_end_becomes_address_unreachable_for_the_source(void **state)
{
	struct fixture *f = *state;

	lab_run(&f->r, "ip -6 route add unreachable 2001:db8:2::1/128");
	assert_address_unreachable_at_the_guest(f);
}

/* RFC 2473 8.2: the hop limit of the outer header ends at r. */
static void
a_hop_limit_exceeded_inside_becomes_address_unreachable_for_the_source(void **state)
{
	assert_address_unreachable_at_the_guest(*state);
}

static void
an_error_does_not_cost_the_next_packet(void **state)
{
	struct fixture *f = *state;

	lab_run(&f->r, "ip -6 route add unreachable 2001:db8:2::1/128");
	udp_send(f->from_g, PEER, 100);
	if (!f->is_kernel)
		assert_counts(f, &f->a, "error-relayed", 1);
	lab_run(&f->r, "ip -6 route del unreachable 2001:db8:2::1/128");
	/* An error is on the socket while this packet is read from the device. */
	lab_run(&f->r, "ip -6 route add unreachable 2001:db8:2::1/128");
	udp_send(f->from_g, PEER, 100);
	lab_turn(f->all, 1);
	lab_run(&f->r, "ip -6 route del unreachable 2001:db8:2::1/128");
	udp_send(f->from_g, PEER, 200);
	assert_true(arrives(f, f->at_b, WAIT_MS));
	assert_int_equal(lab_counter(&f->a, "encap-failed"), 0);
}

/* ---- signalling ---- */

static const struct mh binding_update = {
	.type = MH_BU,
	.bu = { .seq = 1000, .flags = MH_BU_A | MH_BU_H | MH_BU_R, .lifetime_s = 120 },
};

static struct ip6_mh_out
signalling(uint8_t mh[static 256], bool with_hao)
{
	struct wire_writer w = { .base = mh, .len = 256 };
	struct ip6_mh_out out = {
		.src = lab_addr(CAREOF),
		.dst = lab_addr(AGENT),
		.with_hao = with_hao,
		.with_rh2 = !with_hao,
		.home = lab_addr("2001:db8:200:1::1"),
		.mh = mh,
	};

	assert_int_equal(mh_put(&w, &binding_update), 0);
	out.mh_len = w.pos;
	return out;
}

static bool
has_mh(void *ctx)
{
	return lab_event(ctx, KERN_MH) != NULL;
}

/* True if an ICMPv6 error comes in at a within the time that silence takes. */
static bool
is_answered_by_icmp(struct fixture *f, int icmp)
{
	uint8_t p[2048];
	ssize_t n;

	do {
		n = lab_recv(f->all, 2, icmp, p, sizeof(p), QUIET_MS);
	} while (n > 0 && p[0] >= 128);
	return n > 0;
}

static void
check_signalling(struct fixture *f, bool with_hao)
{
	int icmp = raw(&f->a, IPPROTO_ICMPV6);
	struct kobj home = { .kind = KOBJ_ADDRESS, .address.dev = "lo", .address.home = true };
	const struct lab_event *e;
	uint8_t mh[256];
	const struct ip6_mh_out out = signalling(mh, with_hao);

	home.address.addr = out.home;
	if (!with_hao)
		set(f, &f->b, &home);

	assert_int_equal(kern_mh_send(f->a.kern, &out), 0);
	lab_until(f->all, 2, has_mh, &f->b, QUIET_MS);
	assert_null(lab_event(&f->b, KERN_MH)); /* nobody listens yet */
	(void)is_answered_by_icmp(f, icmp);	/* as a kernel does that is left alone */

	lab_enter(&f->b);
	assert_int_equal(kern_listen(f->b.kern, &out.dst, true), 0);
	assert_int_equal(kern_listen(f->b.kern, &out.dst, true), 0);
	lab_enter(&f->a);
	assert_int_equal(kern_mh_send(f->a.kern, &out), 0);
	assert_true(lab_until(f->all, 2, has_mh, &f->b, WAIT_MS));
	e = lab_event(&f->b, KERN_MH);
	assert_int_equal(e->has_hao, with_hao);
	assert_int_equal(e->has_rh2, !with_hao);
	assert_true(ip6_equal(&e->from, &out.src));
	assert_true(ip6_equal(&e->home, &out.home));
	assert_int_equal(e->n, out.mh_len);
	assert_int_equal(e->octets[2], MH_BU);
	assert_false(is_answered_by_icmp(f, icmp));
	assert_int_equal(f->b.events_n, 1); /* once, and nothing else */

	lab_enter(&f->b);
	assert_int_equal(kern_listen(f->b.kern, &out.dst, false), 0);
	assert_int_equal(kern_listen(f->b.kern, &out.dst, false), 0);
	lab_enter(&f->a);
	lab_forget(&f->b);
	assert_int_equal(kern_mh_send(f->a.kern, &out), 0);
	lab_until(f->all, 2, has_mh, &f->b, QUIET_MS);
	assert_null(lab_event(&f->b, KERN_MH));
	close(icmp);
}

static void
a_binding_update_with_its_home_address_is_heard_once_and_not_answered_by_the_kernel(void **state)
{
	check_signalling(*state, true);
}

static void
a_routing_header_of_type_2_is_heard_once_and_not_answered_by_the_kernel(void **state)
{
	check_signalling(*state, false);
}

static void
a_home_address_option_before_anything_else_is_heard(void **state)
{
	struct fixture *f = *state;
	const struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_addr = lab_addr(AGENT) };
	int fd = raw(&f->a, IPPROTO_RAW), icmp = raw(&f->a, IPPROTO_ICMPV6);
	uint8_t mh[256], p[512];
	const struct ip6_mh_out out = signalling(mh, true);
	struct wire_writer w = { .base = p, .len = sizeof(p) };

	lab_enter(&f->b);
	assert_int_equal(kern_listen(f->b.kern, &out.dst, true), 0);
	assert_int_equal(ip6_mh_packet_put(&w, &out), 0);
	p[40] = IPPROTO_UDP; /* whatever it is, it is no Mobility Header */
	lab_enter(&f->a);
	assert_int_equal(sendto(fd, p, w.pos, 0, (const struct sockaddr *)&to, sizeof(to)), w.pos);
	assert_true(lab_until(f->all, 2, has_mh, &f->b, WAIT_MS));
	assert_false(lab_event(&f->b, KERN_MH)->has_mh);
	assert_true(ip6_equal(&lab_event(&f->b, KERN_MH)->home, &out.home));
	assert_false(is_answered_by_icmp(f, icmp));
	close(icmp);
	close(fd);
}

static bool
has_mobile(void *ctx)
{
	return lab_event(ctx, KERN_MOBILE) != NULL;
}

/* b listens to its address; a sends one of 144 to 147; what came up at b, or NULL. */
static const struct lab_event *
carry_mobile(struct fixture *f, uint8_t type, const struct ip6_icmp6_out *around, int ms)
{
	uint8_t message[] = { type, 0, 0, 0, 0x43, 0x21, 0, 0 };
	struct ip6_icmp6_out out = *around;
	uint16_t checksum;

	checksum = ip6_checksum(out.with_hao ? &out.home : &out.src,
	    out.with_rh2 ? &out.home : &out.dst, IP6_ICMP6, message, sizeof(message));
	message[2] = (uint8_t)(checksum >> 8);
	message[3] = (uint8_t)checksum;
	out.icmp6 = message;
	out.icmp6_len = sizeof(message);
	lab_forget(&f->b);
	lab_enter(&f->a);
	assert_int_equal(kern_icmp6_send(f->a.kern, &out), 0);
	lab_until(f->all, 2, has_mobile, &f->b, ms);
	return lab_event(&f->b, KERN_MOBILE);
}

static void
discovery_and_prefix_messages_are_heard_once_with_their_home_address(void **state)
{
	struct fixture *f = *state;
	const struct in6_addr agent = lab_addr(AGENT), anycast = lab_addr("2001:db8:700::fe");
	const struct {
		uint8_t type;
		bool with_hao, with_rh2, to_anycast;
	} cases[] = {
		{ ICMP6_DHAAD_REQUEST, false, false, false },
		{ ICMP6_DHAAD_REQUEST, false, false, true },
		{ ICMP6_DHAAD_REPLY, false, false, false },
		{ ICMP6_MPS, true, false, false },
		{ ICMP6_MPA, false, true, false },
	};
	struct kobj home = { .kind = KOBJ_ADDRESS, .address.dev = "lo", .address.home = true };
	int icmp = raw(&f->a, IPPROTO_ICMPV6);
	const struct lab_event *e;

	home.address.addr = lab_addr("2001:db8:200:1::1");
	set(f, &f->b, &home);
	lab_run(&f->a, "ip -6 route add 2001:db8:700::/64 via 2001:db8:1::ff dev ar");
	lab_run(&f->r, "ip -6 route add 2001:db8:700::/64 via 2001:db8:2::1 dev rb");
	lab_enter(&f->b);
	assert_int_equal(kern_listen(f->b.kern, &agent, true), 0);
	assert_int_equal(kern_anycast(f->b.kern, &anycast, NULL, true), 0);
	assert_int_equal(kern_anycast(f->b.kern, &anycast, NULL, true), 0);
	for (size_t i = 0; i < countof(cases); i++) {
		const struct ip6_icmp6_out around = {
			.src = lab_addr(CAREOF),
			.dst = cases[i].to_anycast ? anycast : agent,
			.with_hao = cases[i].with_hao,
			.with_rh2 = cases[i].with_rh2,
			.home = home.address.addr,
		};

		e = carry_mobile(f, cases[i].type, &around, WAIT_MS);
		if (!e)
			fail_msg("case %zu was not heard", i);
		assert_int_equal(e->octets[0], cases[i].type);
		assert_int_equal(e->n, 8);
		assert_int_equal(e->has_hao, cases[i].with_hao);
		assert_int_equal(e->has_rh2, cases[i].with_rh2);
		assert_true(ip6_equal(&e->from, &around.src));
		if (e->has_hao || e->has_rh2)
			assert_true(ip6_equal(&e->home, &around.home));
		assert_false(is_answered_by_icmp(f, icmp));
		assert_int_equal(f->b.events_n, 1); /* once, and nothing else */
	}
	lab_enter(&f->b);
	assert_int_equal(kern_anycast(f->b.kern, &anycast, NULL, false), 0);
	assert_int_equal(lab_lines(&f->b, "ip -6 route show table local | grep 700::fe"), 0);
	close(icmp);
}

static void
no_update_is_taken_at_an_anycast_address_and_no_unknown_one_is_joined(void **state)
{
	struct fixture *f = *state;
	const struct in6_addr anycast = lab_addr("2001:db8:2:0:fdff:ffff:ffff:fffe");
	uint8_t mh[256];
	struct ip6_mh_out out = signalling(mh, true);

	lab_enter(&f->b);
	assert_int_equal(kern_anycast(f->b.kern, &anycast, "nowhere", true), -ENODEV);
	assert_int_equal(kern_anycast(f->b.kern, &anycast, "bw", true), 0);
	lab_enter(&f->a);
	out.dst = anycast;
	assert_int_equal(kern_mh_send(f->a.kern, &out), 0);
	lab_until(f->all, 2, has_mh, &f->b, QUIET_MS);
	assert_null(lab_event(&f->b, KERN_MH));
}

/* RFC 6275 9.3.1: XFRM lets the headers in, but not for anything. */
static void
an_echo_request_with_a_home_address_or_by_it_is_not_answered(void **state)
{
	struct fixture *f = *state;
	struct kobj home = { .kind = KOBJ_ADDRESS, .address.dev = "lo", .address.home = true };
	const struct in6_addr agent = lab_addr(AGENT);
	int icmp = raw(&f->a, IPPROTO_ICMPV6);

	home.address.addr = lab_addr("2001:db8:200:1::1");
	set(f, &f->b, &home);
	lab_enter(&f->b);
	assert_int_equal(kern_listen(f->b.kern, &agent, true), 0);
	for (int i = 0; i < 3; i++) {
		/* The first has neither, is answered, and so shows that the other two could be. */
		struct ip6_icmp6_out around = {
			.src = lab_addr(CAREOF),
			.dst = agent,
			.with_hao = i == 1,
			.with_rh2 = i == 2,
			.home = home.address.addr,
		};
		uint8_t p[2048];
		bool answered = false;

		if (i == 1)
			around.home = around.src; /* so that an answer would come here */
		assert_null(carry_mobile(f, ICMP6_ECHO_REQUEST, &around, QUIET_MS));
		while (!answered && lab_recv(f->all, 2, icmp, p, sizeof(p), QUIET_MS) > 0)
			answered = p[0] == ICMP6_ECHO_REPLY;
		assert_int_equal(answered, i == 0);
	}
	close(icmp);
}

static void
an_encapsulation_limit_passes_the_filter_that_stops_home_addresses(void **state)
{
	struct fixture *f = *state;
	const struct in6_addr agent = lab_addr(AGENT);
	uint8_t p[2048];

	lab_enter(&f->b);
	assert_int_equal(kern_listen(f->b.kern, &agent, true), 0);
	g_sends(f, p, inner(p, GUEST, PEER, 0, 7));
	assert_true(arrives(f, f->at_b, WAIT_MS));
}

static bool
has_icmp(void *ctx)
{
	return lab_event(ctx, KERN_ICMP6) != NULL;
}

static void
an_error_about_our_binding_update_is_told_and_others_are_not(void **state)
{
	struct fixture *f = *state;
	uint8_t mh[256];
	const struct ip6_mh_out out = signalling(mh, true);
	const struct in6_addr r = lab_addr("2001:db8:1::ff");

	lab_enter(&f->a);
	assert_int_equal(kern_listen(f->a.kern, &out.src, true), 0);
	lab_run(&f->r, "ip -6 route add unreachable 2001:db8:2::1/128");
	udp_send(f->from_g, PEER, 100);
	lab_until(f->all, 2, has_icmp, &f->a, QUIET_MS);
	assert_null(lab_event(&f->a, KERN_ICMP6));
	lab_enter(&f->a);
	assert_int_equal(kern_mh_send(f->a.kern, &out), 0);
	assert_true(lab_until(f->all, 2, has_icmp, &f->a, WAIT_MS));
	assert_true(ip6_equal(&lab_event(&f->a, KERN_ICMP6)->from, &r));
	assert_int_equal(lab_event(&f->a, KERN_ICMP6)->octets[0], ICMP6_UNREACHABLE);
}

/* ---- Neighbour Discovery ---- */

/* clang-format off */
static const uint8_t solicitation[] = {
	0x33, 0x33, 0, 0, 0, 2, 2, 0, 0, 0, 0, 9, 0x86, 0xdd,		/* Ethernet */
	0x60, 0, 0, 0, 0, 8, IP6_ICMP6, 255,				/* IPv6 */
	0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9,		/* from */
	0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,		/* to all routers */
	ND_ROUTER_SOLICIT, 0, 0, 0, 0, 0, 0, 0,
};
/* clang-format on */

static bool
has_frame(void *ctx)
{
	return lab_event(ctx, KERN_FRAME) != NULL;
}

static void
g_frame(struct fixture *f, const uint8_t *frame, size_t n)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_halen = ETH_ALEN };
	int fd;

	lab_enter(&f->g);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	to.sll_ifindex = (int)if_nametoindex("ga");
	assert_int_equal(sendto(fd, frame, n, 0, (struct sockaddr *)&to, sizeof(to)), (ssize_t)n);
	close(fd);
}

static void
g_solicits(struct fixture *f)
{
	g_frame(f, solicitation, sizeof(solicitation));
}

static void
a_solicitation_is_heard_on_the_link_listened_to_and_a_frame_goes_back(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[sizeof(solicitation)], p[2048];
	int at_g = sniffer(&f->g);

	lab_enter(&f->a);
	assert_int_equal(kern_frame_listen(f->a.kern, "none", KERN_FRAMES_RS), -ENODEV);
	assert_int_equal(kern_frame_listen(f->a.kern, "ag", KERN_FRAMES_RS), 0);
	assert_int_equal(kern_frame_listen(f->a.kern, "ag", KERN_FRAMES_RS), 0);
	g_solicits(f);
	assert_true(lab_until(f->all, 2, has_frame, &f->a, WAIT_MS));
	assert_string_equal(lab_event(&f->a, KERN_FRAME)->name, "ag");
	assert_memory_equal(
	    lab_event(&f->a, KERN_FRAME)->octets, solicitation, sizeof(solicitation));
	memcpy(frame, solicitation, sizeof(frame));
	frame[54] = ND_ROUTER_ADVERT;
	lab_enter(&f->a);
	assert_int_equal(kern_frame_send(f->a.kern, "ag", frame, sizeof(frame)), 0);
	do {
		assert_true(lab_recv(f->all, 2, at_g, p, sizeof(p), WAIT_MS) > 0);
	} while (p[6] != IP6_ICMP6 || p[40] != ND_ROUTER_ADVERT);
	lab_forget(&f->a);
	lab_enter(&f->a);
	assert_int_equal(kern_frame_listen(f->a.kern, "ag", KERN_FRAMES_NONE), 0);
	assert_int_equal(kern_frame_listen(f->a.kern, "ag", KERN_FRAMES_NONE), 0);
	g_solicits(f);
	assert_false(lab_until(f->all, 2, has_frame, &f->a, QUIET_MS));
	close(at_g);
}

static void
a_link_made_anew_is_listened_to_again(void **state)
{
	struct fixture *f = *state;

	lab_enter(&f->a);
	assert_int_equal(kern_frame_listen(f->a.kern, "ag", KERN_FRAMES_RS), 0);
	lab_run(&f->a, "ip link del ag");
	lab_turn(f->all, 2);
	lab_join(&f->a, "ag", &f->g, "ga");
	lab_until(f->all, 2, has_frame, &f->a, QUIET_MS);
	g_solicits(f);
	assert_true(lab_until(f->all, 2, has_frame, &f->a, WAIT_MS));
}

/* To the group of an address that nobody has: a link does not take those by itself. */
static void
each_link_hears_the_types_it_asked_for_and_solicitations_to_any_group(void **state)
{
	static const struct {
		unsigned asked;
		uint8_t heard, unheard;
	} cases[] = {
		{ KERN_FRAMES_NS | KERN_FRAMES_NA, ND_NEIGHBOR_SOLICIT, ND_ROUTER_ADVERT },
		{ KERN_FRAMES_NA, ND_NEIGHBOR_ADVERT, ND_ROUTER_SOLICIT },
		{ KERN_FRAMES_RA, ND_ROUTER_ADVERT, ND_NEIGHBOR_ADVERT },
		{ KERN_FRAMES_NS, ND_NEIGHBOR_SOLICIT, ND_REDIRECT },
		{ KERN_FRAMES_RS, ND_ROUTER_SOLICIT, ND_NEIGHBOR_SOLICIT },
	};
	struct fixture *f = *state;
	uint8_t frame[86] = { 0 };

	lab_run(&f->a, "ip link set ag address 02:00:00:00:00:aa");
	for (size_t i = 0; i < countof(cases); i++) {
		memcpy(frame, solicitation, sizeof(solicitation));
		if (cases[i].heard == ND_NEIGHBOR_SOLICIT)
			memcpy(frame, (uint8_t[]){ 0x33, 0x33, 0xff, 0x12, 0x34, 0x56 }, 6);
		else
			memcpy(frame, (uint8_t[]){ 2, 0, 0, 0, 0, 0xaa }, 6);
		lab_enter(&f->a);
		assert_int_equal(kern_frame_listen(f->a.kern, "ag", cases[i].asked), 0);
		lab_until(f->all, 2, has_frame, &f->a, QUIET_MS);
		lab_forget(&f->a);
		frame[54] = cases[i].unheard;
		g_frame(f, frame, sizeof(frame));
		frame[54] = cases[i].heard;
		g_frame(f, frame, sizeof(frame));
		assert_true(lab_until(f->all, 2, has_frame, &f->a, WAIT_MS));
		assert_int_equal(lab_event(&f->a, KERN_FRAME)->octets[54], cases[i].heard);
	}
}

static void
the_mac_of_a_link_is_told(void **state)
{
	struct fixture *f = *state;
	struct nd_mac mac;

	lab_run(&f->a, "ip link set ag address 02:00:00:00:00:aa");
	lab_enter(&f->a);
	assert_int_equal(kern_frame_mac(f->a.kern, "ag", &mac), 0);
	assert_memory_equal(mac.b, ((uint8_t[]){ 2, 0, 0, 0, 0, 0xaa }), 6);
	assert_int_equal(kern_frame_mac(f->a.kern, "none", &mac), -ENODEV);
}

/* Somebody was told that fe80::77 is here: RFC 6275 10.4.2. Our own addresses answer as ever. */
static void
a_link_local_address_that_is_not_ours_is_unreachable_on_a_home_link(void **state)
{
	struct fixture *f = *state;
	int icmp = raw(&f->g, IPPROTO_ICMPV6);
	uint8_t p[2048];
	ssize_t n;

	lab_run(&f->a, "ip link set ag address 02:00:00:00:00:aa");
	lab_run(&f->a, "ip addr add fe80::aa/64 dev ag nodad");
	lab_run(&f->g, "ip -6 neigh replace fe80::77 lladdr 02:00:00:00:00:aa dev ga");
	lab_enter(&f->a);
	assert_int_equal(kern_frame_listen(f->a.kern, "ag", KERN_FRAMES_NO_LINK_LOCAL), 0);
	lab_run(&f->g, "ping -6 -c 1 -w 2 fe80::aa%%ga >/dev/null");
	lab_run(&f->g, "! ping -6 -c 1 -w 1 fe80::77%%ga >/dev/null");
	do {
		n = lab_recv(f->all, 2, icmp, p, sizeof(p), WAIT_MS);
		assert_true(n > 0);
	} while (p[0] != ICMP6_UNREACHABLE);
	assert_int_equal(p[1], 3);
	close(icmp);
}

/* Two guests on one link: the kernel would tell one of them to talk to the other directly. */
static void
no_redirect_leaves_a_link_listened_to(void **state)
{
	struct fixture *f = *state;
	int icmp = raw(&f->g, IPPROTO_ICMPV6);
	uint8_t p[2048];
	bool redirected = false;

	lab_run(&f->a, "ip -6 route add 2001:db8:200:2::/64 via fe80::77 dev ag");
	lab_run(&f->a, "ip -6 neigh add fe80::77 lladdr 02:00:00:00:00:77 dev ag");
	for (int listens = 0; listens < 2; listens++) {
		lab_enter(&f->a);
		assert_int_equal(kern_frame_listen(f->a.kern, "ag",
				     listens ? KERN_FRAMES_NO_REDIRECT : KERN_FRAMES_NONE),
		    0);
		redirected = false;
		udp_send(f->from_g, listens ? "2001:db8:200:2::2" : "2001:db8:200:2::1", 10);
		while (!redirected && lab_recv(f->all, 2, icmp, p, sizeof(p), QUIET_MS) > 0)
			redirected = p[0] == ND_REDIRECT;
		assert_int_equal(redirected, !listens);
	}
	close(icmp);
}

int
main(void)
{
#define NARROW(rows, f)                                                      \
	{                                                                    \
		.name = rows #f, .test_func = f, .setup_func = setup_narrow, \
		.teardown_func = teardown                                    \
	}
#define CLASS(rows, f)                                                      \
	{                                                                   \
		.name = rows #f, .test_func = f, .setup_func = setup_class, \
		.teardown_func = teardown                                   \
	}
	static const struct CMUnitTest tests[] = {
		TEST("N-23 N-24 N-36 ", packets_go_both_ways_through_the_tunnel),
		TEST("T-01 N-36 N-23 ",
		    the_outer_header_is_from_end_to_end_with_hop_limit_64_class_0_and_label_0),
		TEST("T-02 ", the_tunnel_is_one_hop_for_the_inner_packet),
		CLASS("T-01 T-09 ", the_outer_class_is_the_configured_one_with_the_inner_ecn),
		TEST("T-09 ", congestion_marks_leave_the_tunnel_or_stop_what_cannot_carry_them),
		TEST("T-05 T-06 ", what_does_not_fit_is_answered_with_the_tunnel_mtu),
		NARROW("T-05 T-06 T-07 T-08 ",
		    a_narrow_path_is_learnt_and_told_and_1280_octets_go_through_in_fragments),
		{ .name =
			"T-07 who_says_that_a_path_is_too_narrow_for_ipv6_in_ipv6_is_not_believed",
		    .test_func =
			who_says_that_a_path_is_too_narrow_for_ipv6_in_ipv6_is_not_believed,
		    .setup_func = setup_too_narrow,
		    .teardown_func = teardown },
		NARROW("T-06 T-08 ",
		    a_long_packet_back_is_fragmented_by_the_home_agent_and_reassembled_before_decapsulation),
		TEST("N-39 N-37 ", an_unknown_outer_source_gets_nothing_through),
		TEST("N-39 ", an_inner_source_that_is_not_the_routers_is_dropped_and_counted),
		TEST("N-37 ", an_inner_destination_outside_of_the_prefix_does_not_reach_the_host),
		TEST("X-08 X-06 ", packets_of_the_old_host_pass_while_the_grace_lasts),
		TEST("N-46 M-32 ", link_local_packets_neither_enter_nor_leave_a_tunnel),
		TEST("", what_is_no_packet_is_dropped_and_counted),
		TEST("T-04 ", a_tunnel_does_not_carry_its_own_outer_packets),
		TEST("T-03 T-08 ",
		    a_packet_with_limit_2_enters_with_limit_1_and_comes_out_without_the_outer_one),
		TEST("T-03 ",
		    a_packet_with_limit_0_is_answered_with_a_parameter_problem_at_the_limit),
		TEST("T-07 ", an_unreachable_tunnel_end_becomes_address_unreachable_for_the_source),
		{ .name = "T-07 "
			  "a_hop_limit_exceeded_inside_becomes_address_unreachable_for_the_source",
		    .test_func =
			a_hop_limit_exceeded_inside_becomes_address_unreachable_for_the_source,
		    .setup_func = setup_one_hop,
		    .teardown_func = teardown },
		TEST("", an_error_does_not_cost_the_next_packet),
		TEST("",
		    a_binding_update_with_its_home_address_is_heard_once_and_not_answered_by_the_kernel),
		TEST("", a_routing_header_of_type_2_is_heard_once_and_not_answered_by_the_kernel),
		TEST("M-08 ", a_home_address_option_before_anything_else_is_heard),
		TEST("M-35 M-37 ",
		    discovery_and_prefix_messages_are_heard_once_with_their_home_address),
		TEST(
		    "M-35 ", no_update_is_taken_at_an_anycast_address_and_no_unknown_one_is_joined),
		TEST("M-08 ", an_echo_request_with_a_home_address_or_by_it_is_not_answered),
		TEST("T-08 ", an_encapsulation_limit_passes_the_filter_that_stops_home_addresses),
		TEST("M-56 ", an_error_about_our_binding_update_is_told_and_others_are_not),
		TEST("", a_solicitation_is_heard_on_the_link_listened_to_and_a_frame_goes_back),
		TEST("", a_link_made_anew_is_listened_to_again),
		TEST("", no_redirect_leaves_a_link_listened_to),
		TEST(
		    "M-30 ", each_link_hears_the_types_it_asked_for_and_solicitations_to_any_group),
		TEST("", the_mac_of_a_link_is_told),
		TEST("M-32 ", a_link_local_address_that_is_not_ours_is_unreachable_on_a_home_link),
	};

	return lab_main("kern_packet_test", tests, countof(tests), KERN_AUTO);
}
