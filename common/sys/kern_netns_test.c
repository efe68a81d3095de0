/*
 * kern_netns_test.c - kernel objects, settings and events, in a namespace of its own.
 * Packets are kern_packet_test.c's. Long: a test for each kind of object.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
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

#define TEST(rows, f)                                                                           \
	{                                                                                       \
		.name = rows #f, .test_func = f, .setup_func = setup, .teardown_func = teardown \
	}

#define TUNNELS "ip -o link show | grep ' hp[0-9]'"

/* One namespace with two links to itself, so that both are up: here d0 and d1. */
struct fixture {
	struct kern_opts opts;
	struct lab_ns ns, far;
	struct kobj_tunnel t1, t2;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->opts = (struct kern_opts){
		.name = "test", .mark = KERN_MARK_HAD, .datapath = lab_datapath(state)
	};
	lab_make(&f->far);
	lab_make(&f->ns);
	lab_join(&f->ns, "d0", &f->far, "f0");
	lab_join(&f->ns, "d1", &f->far, "f1");
	lab_run(&f->ns, "ip addr add 2001:db8:1::1/64 dev d0");
	lab_run(&f->ns, "ip -6 route add default via 2001:db8:1::ff dev d0");
	lab_open(&f->ns, &f->opts);
	f->t1 = (struct kobj_tunnel){ lab_addr("2001:db8:1::1"), lab_addr("2001:db8:2::10") };
	f->t2 = (struct kobj_tunnel){ lab_addr("2001:db8:1::1"), lab_addr("2001:db8:2::20") };
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	lab_drop(&f->ns);
	lab_drop(&f->far);
	free(f);
	return 0;
}

static void
set(struct fixture *f, const struct kobj *o)
{
	lab_enter(&f->ns);
	assert_int_equal(kern_set(f->ns.kern, o), 0);
}

static void
clear(struct fixture *f, const struct kobj *o)
{
	lab_enter(&f->ns);
	assert_int_equal(kern_clear(f->ns.kern, o), 0);
}

/* How many objects in a dump equal o; all of them if o is NULL. */
static size_t
found(struct fixture *f, const struct kobj *o)
{
	struct plan p = { 0 };
	size_t n = 0;

	lab_enter(&f->ns);
	assert_int_equal(kern_dump(f->ns.kern, &p), 0);
	for (size_t i = 0; i < p.n; i++)
		n += !o || kobj_equal(&p.v[i], o);
	plan_done(&p);
	return n;
}

static void
set_tunnel(struct fixture *f, const struct kobj_tunnel *t)
{
	struct kobj o = { .kind = KOBJ_TUNNEL };

	o.tunnel = *t;
	set(f, &o);
}

/* A plan with one object of each kind and shape. */
static void
every_kind(struct fixture *f, struct plan *p)
{
	const struct in6_addr hoa = lab_addr("2001:db8:200:1::1"), peer = lab_addr("fe80::5");
	const struct nd_mac mac = { { 2, 0, 0, 0, 0, 5 } };
	struct kobj_pass pass = { .tunnel = f->t1,
		.side = KOBJ_SOURCE,
		.late = true,
		.prefix = lab_prefix("2001:db8:200:1::/64") };
	struct kobj_route route = { .table = KOBJ_TABLE_MAIN,
		.metric = 1024,
		.dst = lab_prefix("2001:db8:200:1::/64"),
		.dev = kobj_tunnel_dev(&f->t1),
		.mtu = 1400 };
	struct kobj_rule rule = { .priority = 5200, .table = 5200, .iif = kobj_tunnel_dev(&f->t1) };

	plan_tunnel(p, &f->t1);
	plan_tunnel(p, &f->t2);
	plan_address(p, "lo", &hoa, true);
	plan_address(p, "d1", &peer, false);
	plan_neighbour(p, "d0", &peer, &mac);
	plan_proxy(p, "d0", &hoa);
	plan_pass(p, &pass);
	pass.side = KOBJ_DESTINATION;
	pass.late = false;
	plan_pass(p, &pass);
	plan_route(p, &route);
	route = (struct kobj_route){
		.table = 5201, .metric = 1024, .dst = route.dst, .dev = kobj_link("d0"), .via = peer
	};
	plan_route(p, &route);
	route = (struct kobj_route){ .table = 5200, .metric = 4096, .type = KOBJ_UNREACHABLE };
	plan_route(p, &route);
	route = (struct kobj_route){ .table = 5210, .metric = 1024, .type = KOBJ_BLACKHOLE };
	plan_route(p, &route);
	plan_rule(p, &rule);
	rule = (struct kobj_rule){ .priority = 5201, .table = 5201, .iif = kobj_link("d0") };
	plan_rule(p, &rule);
	rule = (struct kobj_rule){
		.priority = 5202, .table = 5210, .from = lab_prefix("2001:db8:200:1::/64")
	};
	plan_rule(p, &rule);
	rule = (struct kobj_rule){ .priority = 5203, .table = 5201 };
	plan_rule(p, &rule);
	assert_false(p->bad);
}

static void
every_kind_is_set_found_and_cleared_however_often_asked(void **state)
{
	struct fixture *f = *state;
	struct plan p = { 0 };

	every_kind(f, &p);
	for (int times = 0; times < 2; times++) {
		for (size_t i = 0; i < p.n; i++)
			set(f, &p.v[i]);
		for (size_t i = 0; i < p.n; i++) {
			char text[KOBJ_TEXT_MAX];

			if (found(f, &p.v[i]) != 1)
				fail_msg("not found: %s", kobj_text(&p.v[i], text));
		}
		assert_int_equal(found(f, NULL), p.n);
	}
	for (int times = 0; times < 2; times++) {
		for (size_t i = p.n; i-- > 0;)
			clear(f, &p.v[i]);
		assert_int_equal(found(f, NULL), 0);
	}
	assert_int_equal(lab_lines(&f->ns, TUNNELS), 0);
	assert_int_equal(
	    lab_lines(&f->ns, "ip -6 rule | grep -v 'from all lookup \\(local\\|main\\)'"), 0);
	plan_done(&p);
}

static void
what_others_made_is_neither_found_nor_cleared(void **state)
{
	struct fixture *f = *state;
	struct kobj o = { .kind = KOBJ_ROUTE };

	lab_run(&f->ns, "ip -6 route add 2001:db8:200::/64 dev d0 metric 1024 proto static");
	lab_run(&f->ns, "ip -6 rule add priority 5300 lookup 5201 protocol static");
	lab_run(&f->ns, "ip -6 neigh add fe80::9 lladdr 02:00:00:00:00:09 dev d0");
	lab_run(&f->ns, "ip addr add 2001:db8:9::1/128 dev lo");
	assert_int_equal(found(f, NULL), 0);
	o.route.table = KOBJ_TABLE_MAIN;
	o.route.metric = 1024;
	o.route.dst = lab_prefix("2001:db8:200::/64");
	clear(f, &o);
	assert_int_equal(lab_lines(&f->ns, "ip -6 route show 2001:db8:200::/64"), 1);
}

/* ---- routes ---- */

static int
route_monitor(struct fixture *f)
{
	const struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV6_ROUTE };
	int fd;

	lab_enter(&f->ns);
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static void
count_messages(int fd, unsigned *ret_new, unsigned *ret_deleted)
{
	_Alignas(struct nlmsghdr) uint8_t buf[8192];
	const struct nlmsghdr *h = (const void *)buf;

	*ret_new = *ret_deleted = 0;
	while (recv(fd, buf, sizeof(buf), 0) > 0) {
		*ret_new += h->nlmsg_type == RTM_NEWROUTE && (h->nlmsg_flags & NLM_F_REPLACE);
		*ret_deleted += h->nlmsg_type == RTM_DELROUTE;
	}
}

/* `ip monitor` shows what this socket hears: one replace per change, never a deletion. */
static void
a_route_changes_device_and_type_in_one_replace(void **state)
{
	struct fixture *f = *state;
	struct kobj shapes[6] = { 0 };
	unsigned replaced, deleted;
	int fd;

	set_tunnel(f, &f->t1);
	set_tunnel(f, &f->t2);
	for (size_t i = 0; i < countof(shapes); i++) {
		shapes[i].kind = KOBJ_ROUTE;
		shapes[i].route.table = KOBJ_TABLE_MAIN;
		shapes[i].route.metric = 1024;
		shapes[i].route.dst = lab_prefix("2001:db8:200:1::/64");
	}
	shapes[0].route.dev = kobj_tunnel_dev(&f->t1);
	shapes[1].route.dev = kobj_tunnel_dev(&f->t2);
	shapes[2].route.dev = kobj_link("d0");
	shapes[2].route.via = lab_addr("fe80::5");
	shapes[3].route.type = KOBJ_UNREACHABLE;
	shapes[4].route.type = KOBJ_BLACKHOLE;
	shapes[5].route.dev = kobj_link("d1");
	set(f, &shapes[0]);
	fd = route_monitor(f);
	for (size_t from = 0; from < countof(shapes); from++) {
		for (size_t to = 0; to < countof(shapes); to++) {
			set(f, &shapes[from]);
			count_messages(fd, &replaced, &deleted);
			set(f, &shapes[to]);
			assert_int_equal(found(f, &shapes[to]), 1);
			assert_int_equal(
			    lab_lines(&f->ns, "ip -6 route show 2001:db8:200:1::/64"), 1);
			count_messages(fd, &replaced, &deleted);
			assert_int_equal(replaced, 1);
			assert_int_equal(deleted, 0);
		}
	}
	close(fd);
}

static void
another_metric_is_another_route(void **state)
{
	struct fixture *f = *state;
	struct kobj low = { .kind = KOBJ_ROUTE }, high;

	low.route.table = KOBJ_TABLE_MAIN;
	low.route.metric = 1024;
	low.route.dst = lab_prefix("2001:db8:200:1::/64");
	low.route.dev = kobj_link("d0");
	high = low;
	high.route.metric = 4096;
	high.route.type = KOBJ_UNREACHABLE;
	high.route.dev = (struct kobj_dev){ 0 };
	set(f, &high);
	set(f, &low);
	assert_int_equal(found(f, &high), 1);
	clear(f, &low);
	assert_int_equal(found(f, &high), 1);
	assert_int_equal(found(f, &low), 0);
}

static void
a_route_over_a_tunnel_that_is_not_there_is_refused(void **state)
{
	struct fixture *f = *state;
	struct kobj o = { .kind = KOBJ_ROUTE };

	o.route.table = KOBJ_TABLE_MAIN;
	o.route.metric = 1024;
	o.route.dev = kobj_tunnel_dev(&f->t1);
	lab_enter(&f->ns);
	assert_int_equal(kern_set(f->ns.kern, &o), -ENODEV);
}

static void
a_rule_that_gets_another_table_is_there_once(void **state)
{
	struct fixture *f = *state;
	struct kobj o = { .kind = KOBJ_RULE };

	o.rule.priority = 5202;
	o.rule.from = lab_prefix("2001:db8:200:1::/64");
	o.rule.table = 5210;
	set(f, &o);
	o.rule.table = 5211;
	set(f, &o);
	assert_int_equal(found(f, &o), 1);
	assert_int_equal(found(f, NULL), 1);
}

/* ---- tunnels ---- */

static void
a_tunnel_to_an_address_of_our_own_is_refused(void **state)
{
	struct fixture *f = *state;
	struct kobj o = { .kind = KOBJ_TUNNEL };

	lab_run(&f->ns, "ip addr add 2001:db8:7::7/128 dev lo");
	o.tunnel.local = f->t1.local;
	o.tunnel.remote = lab_addr("2001:db8:7::7");
	assert_int_equal(kern_set(f->ns.kern, &o), -ELOOP);
	o.tunnel.remote = o.tunnel.local;
	assert_int_equal(kern_set(f->ns.kern, &o), -ELOOP);
	assert_int_equal(lab_lines(&f->ns, TUNNELS), 0);
}

static uint32_t
mtu_of(struct fixture *f, const struct kobj_tunnel *t)
{
	struct kern_tunnel_info info;

	assert_int_equal(kern_tunnel_info(f->ns.kern, t, &info), 0);
	return info.mtu;
}

static bool
mtu_is_1320(void *ctx)
{
	struct fixture *f = ctx;

	return mtu_of(f, &f->t1) == 1320;
}

static void
the_tunnel_mtu_is_the_path_mtu_less_40_and_follows_the_link(void **state)
{
	struct fixture *f = *state;
	struct lab_ns *const all[] = { &f->ns };

	set_tunnel(f, &f->t1);
	assert_int_equal(mtu_of(f, &f->t1), 1460);
	lab_run(&f->ns, "ip link set d0 mtu 1360");
	assert_true(lab_until(all, 1, mtu_is_1320, f, 2000));
	assert_int_equal(lab_event(&f->ns, KERN_TUNNEL)->mtu, 1320);
	assert_int_equal(lab_lines(&f->ns, "ip -o link show hp0 | grep 'mtu 1320'"), 1);
}

static void
the_tunnel_mtu_is_never_below_1280(void **state)
{
	struct fixture *f = *state;

	lab_run(&f->ns, "ip link set d0 mtu 1300");
	set_tunnel(f, &f->t1);
	assert_int_equal(mtu_of(f, &f->t1), 1280);
}

static void
a_tunnel_device_says_whose_it_is_and_sends_nothing_of_its_own(void **state)
{
	struct fixture *f = *state;
	struct lab_ns *const all[] = { &f->ns };
	struct kern_tunnel_info info;

	set_tunnel(f, &f->t1);
	for (int i = 0; i < 10; i++)
		lab_turn(all, 1);
	assert_int_equal(
	    lab_lines(&f->ns,
		"ip link show hp0 | grep 'alias homeport test 2001:db8:1::1 2001:db8:2::10'"),
	    1);
	assert_int_equal(lab_lines(&f->ns, "ip -6 addr show dev hp0"), 0);
	assert_int_equal(kern_tunnel_info(f->ns.kern, &f->t1, &info), 0);
	assert_string_equal(info.dev, "hp0");
	assert_int_equal(info.out_packets, 0);
}

static void
a_device_without_a_tunnel_is_kept_for_the_next_as_long_as_others_are_in_use(void **state)
{
	struct fixture *f = *state;
	struct kobj o1 = { .kind = KOBJ_TUNNEL, .tunnel = f->t1 };
	struct kobj o2 = { .kind = KOBJ_TUNNEL, .tunnel = f->t2 };

	if (f->opts.datapath == KERN_KERNEL)
		return; /* whose packets wait for nobody */
	set(f, &o1);
	set(f, &o2);
	clear(f, &o1);
	assert_int_equal(
	    lab_lines(&f->ns, "ip link show hp0 | grep 'alias homeport test spare'"), 1);
	assert_int_equal(found(f, NULL), 1);
	set(f, &o1);
	assert_int_equal(lab_lines(&f->ns, "ip link show hp0 | grep 2001:db8:2::10"), 1);
	clear(f, &o1);
	lab_run(&f->ns, "ip link del hp0");
	set(f, &o1); /* a spare that somebody deleted is none */
	assert_int_equal(found(f, &o1), 1);
	assert_int_equal(lab_lines(&f->ns, "ip link show type tun | grep 2001:db8:2::10"), 1);
	clear(f, &o1);
	clear(f, &o2);
	assert_int_equal(lab_lines(&f->ns, TUNNELS), 0);
}

/* ---- events ---- */

static bool
is_lost(void *ctx)
{
	return lab_event(ctx, KERN_LOST) != NULL;
}

/* Long enough for KERN_LOST's delay to pass. */
#define QUIET_MS 150

static bool
never(void *ctx)
{
	(void)ctx;
	return false;
}

static void
a_foreign_hand_in_our_objects_asks_for_reconciling_and_our_own_does_not(void **state)
{
	static const char *const hands[] = {
		"ip -6 route del 2001:db8:200:1::/64 proto 110",
		"ip -6 rule del priority 5203",
		"ip addr del 2001:db8:200:1::1/128 dev lo",
		"ip link del hp0",
		"ip link set d0 down && ip link set d0 up",
	};
	struct fixture *f = *state;
	struct lab_ns *const all[] = { &f->ns };
	struct plan p = { 0 };

	/* The links' own addresses may still be telling that they are ready. */
	lab_until(all, 1, never, NULL, QUIET_MS);
	lab_forget(&f->ns);
	every_kind(f, &p);
	for (size_t i = 0; i < p.n; i++)
		set(f, &p.v[i]);
	for (size_t i = p.n; i-- > 0;)
		clear(f, &p.v[i]);
	lab_until(all, 1, never, NULL, QUIET_MS);
	assert_null(lab_event(&f->ns, KERN_LOST));
	assert_null(lab_event(&f->ns, KERN_ADDRESS));
	for (size_t hand = 0; hand < countof(hands); hand++) {
		for (size_t i = 0; i < p.n; i++)
			set(f, &p.v[i]);
		lab_until(all, 1, never, NULL, QUIET_MS);
		lab_forget(&f->ns);
		lab_run(&f->ns, "%s", hands[hand]);
		if (!lab_until(all, 1, is_lost, &f->ns, 2000))
			fail_msg("not noticed: %s", hands[hand]);
	}
	plan_done(&p);
}

static void
a_deleted_device_comes_back_with_the_passes_of_its_tunnel(void **state)
{
	struct fixture *f = *state;
	struct lab_ns *const all[] = { &f->ns };
	struct kobj pass = { .kind = KOBJ_PASS };

	set_tunnel(f, &f->t1);
	pass.pass.tunnel = f->t1;
	pass.pass.prefix = lab_prefix("2001:db8:200:1::/64");
	set(f, &pass);
	lab_run(&f->ns, "ip link del hp0");
	assert_true(lab_until(all, 1, is_lost, &f->ns, 2000));
	assert_int_equal(found(f, NULL), 1);
	set_tunnel(f, &f->t1);
	assert_int_equal(found(f, NULL), 2);
	assert_int_equal(found(f, &pass), 1);
}

static bool
has_address_event(void *ctx)
{
	return lab_event(ctx, KERN_ADDRESS) != NULL;
}

static bool
is_d1_down(void *ctx)
{
	const struct lab_ns *ns = ctx;

	for (size_t i = 0; i < ns->events_n; i++) {
		const struct lab_event *e = &ns->events[i];

		if (e->kind == KERN_LINK && strcmp(e->name, "d1") == 0 && !e->up)
			return true;
	}
	return false;
}

static void
addresses_and_links_of_the_host_are_told(void **state)
{
	struct fixture *f = *state;
	struct lab_ns *const all[] = { &f->ns };

	lab_run(&f->ns, "ip addr add 2001:db8:5::1/64 dev d1");
	assert_true(lab_until(all, 1, has_address_event, &f->ns, 2000));
	assert_string_equal(lab_event(&f->ns, KERN_ADDRESS)->name, "d1");
	lab_forget(&f->ns);
	lab_run(&f->far, "ip link set f1 down"); /* the carrier goes: the kernel takes a second */
	assert_true(lab_until(all, 1, is_d1_down, &f->ns, 5000));
}

/* ---- questions and settings ---- */

/* Even without DAD the kernel takes a new address from a work queue, when it gets around to it. */
static bool
none_is_tentative(void *ctx)
{
	struct fixture *f = ctx;
	struct kern_address v[4];
	int n = kern_addresses(f->ns.kern, "d0", v, countof(v));

	while (n > 0 && !v[n - 1].tentative)
		n--;
	return n == 0;
}

static void
addresses_are_listed_with_their_state(void **state)
{
	struct fixture *f = *state;
	struct kern_address v[4];
	const struct in6_addr mine = lab_addr("2001:db8:1::1"), other = lab_addr("2001:db8:1::2");
	struct lab_ns *const self = &f->ns;

	lab_run(&f->ns, "ip addr add 2001:db8:6::1/64 dev d0 preferred_lft 0 nodad");
	assert_true(lab_until(&self, 1, none_is_tentative, f, 5000));
	assert_int_equal(kern_addresses(f->ns.kern, "d0", v, countof(v)), 2);
	assert_int_equal(kern_addresses(f->ns.kern, "d0", v, 1), 1);
	for (int i = 0; i < kern_addresses(f->ns.kern, "d0", v, countof(v)); i++) {
		assert_int_equal(v[i].deprecated, !ip6_equal(&v[i].addr, &mine));
		assert_int_equal(v[i].len, 64);
		assert_true(v[i].permanent);
		assert_false(v[i].temporary);
	}
	assert_int_equal(kern_addresses(f->ns.kern, "none", v, countof(v)), -ENODEV);
	assert_true(kern_is_own(f->ns.kern, &mine));
	assert_false(kern_is_own(f->ns.kern, &other));
}

static void
settings_are_read_changed_and_put_back(void **state)
{
	static const struct {
		const char *name, *value;
	} rows[] = {
		{ "sysctl net/ipv6/conf/all/forwarding", "1" },
		{ "sysctl net/ipv6/conf/d0/accept_ra", "2" },
		{ "link d0 address", "02:00:5e:00:52:13" },
		{ "link d0 addrgenmode", "none" },
		{ "address d0 fe80::1/64", "present" },
	};
	struct fixture *f = *state;
	char was[KERN_SETTING_VALUE_MAX], now[KERN_SETTING_VALUE_MAX];

	for (size_t i = 0; i < countof(rows); i++) {
		assert_int_equal(kern_setting_get(f->ns.kern, rows[i].name, was), 0);
		assert_string_not_equal(was, rows[i].value);
		for (int times = 0; times < 2; times++)
			assert_int_equal(
			    kern_setting_set(f->ns.kern, rows[i].name, rows[i].value), 0);
		assert_int_equal(kern_setting_get(f->ns.kern, rows[i].name, now), 0);
		assert_string_equal(now, rows[i].value);
		assert_int_equal(kern_setting_set(f->ns.kern, rows[i].name, was), 0);
		assert_int_equal(kern_setting_get(f->ns.kern, rows[i].name, now), 0);
		assert_string_equal(now, was);
	}
}

static void
settings_that_do_not_exist_are_said_so(void **state)
{
	static const struct {
		const char *name;
		int error;
	} rows[] = {
		{ "sysctl net/ipv6/conf/none/forwarding", -ENOENT },
		{ "link none address", -ENOENT },
		{ "address none fe80::1/64", -ENOENT },
		{ "sysctl ../../etc/passwd", -EINVAL },
		{ "sysctl /etc/passwd", -EINVAL },
		{ "link d0 colour", -EINVAL },
		{ "address d0 fe80::1", -EINVAL },
		{ "address d0 fe80::1/129", -EINVAL },
		{ "sysctl", -EINVAL },
		{ "", -EINVAL },
		{ "link d0 address more", -EINVAL },
	};
	struct fixture *f = *state;
	char value[KERN_SETTING_VALUE_MAX];

	for (size_t i = 0; i < countof(rows); i++)
		assert_int_equal(kern_setting_get(f->ns.kern, rows[i].name, value), rows[i].error);
}

static void
link_local_addresses_are_listed_as_settings(void **state)
{
	struct fixture *f = *state;
	char names[4][KERN_SETTING_NAME_MAX], value[KERN_SETTING_VALUE_MAX];

	assert_int_equal(kern_linklocals(f->ns.kern, "d0", names, countof(names)), 1);
	assert_int_equal(kern_setting_get(f->ns.kern, names[0], value), 0);
	assert_string_equal(value, "present");
	assert_int_equal(kern_setting_set(f->ns.kern, names[0], "absent"), 0);
	assert_int_equal(kern_linklocals(f->ns.kern, "d0", names, countof(names)), 0);
}

/* ---- the object ---- */

/* TUNs live in the process; ip6tnl devices, and the filter that belongs to them, do not. */
static void
closing_leaves_what_is_the_kernels_and_takes_what_is_the_processs(void **state)
{
	struct fixture *f = *state;
	struct kobj o = { .kind = KOBJ_ROUTE };
	int stay = f->opts.datapath == KERN_KERNEL;

	o.route = (struct kobj_route){ .table = 5200, .metric = 4096, .type = KOBJ_UNREACHABLE };
	set(f, &o);
	set_tunnel(f, &f->t1);
	assert_int_equal(lab_lines(&f->ns, "nft list tables | grep homeport-test"), 1);
	lab_close(&f->ns);
	assert_int_equal(lab_lines(&f->ns, "nft list tables | grep homeport-test"), stay);
	assert_int_equal(lab_lines(&f->ns, TUNNELS), stay);
	lab_open(&f->ns, &f->opts);
	assert_int_equal(found(f, &o), 1);
	assert_int_equal(found(f, NULL), 1 + stay);
}

/* Rules of a run before us, of whatever version, are none of ours. */
static void
a_stale_filter_table_gets_our_rules_alone(void **state)
{
	struct fixture *f = *state;
	int rules;

	rules = lab_lines(&f->ns, "nft list table ip6 homeport-test | grep drop");
	assert_true(rules > 0);
	lab_close(&f->ns);
	lab_run(&f->ns, "nft add table ip6 homeport-test && nft add chain ip6 homeport-test old &&"
			" nft add rule ip6 homeport-test old drop");
	lab_open(&f->ns, &f->opts);
	assert_int_equal(lab_lines(&f->ns, "nft list table ip6 homeport-test | grep drop"), rules);
}

static void
the_kernel_datapath_is_refused_where_it_does_not_work_and_auto_knows(void **state)
{
	struct fixture *f = *state;
	struct kern_opts o = f->opts;
	struct kern *k = NULL;
	int r;

	lab_close(&f->ns);
	lab_open(&f->ns, &o);
	o.datapath = KERN_KERNEL;
	r = kern_open(&k, f->ns.loop, &o);
	if (r < 0) {
		assert_int_equal(r, -EPROTONOSUPPORT);
		assert_null(k);
	}
	kern_close(k);
	o.datapath = KERN_AUTO;
	lab_close(&f->ns);
	lab_open(&f->ns, &o);
	assert_string_equal(kern_datapath_name(f->ns.kern), r < 0 ? "portable" : "kernel");
	assert_int_equal(lab_lines(&f->ns, TUNNELS), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST("", every_kind_is_set_found_and_cleared_however_often_asked),
		TEST("", what_others_made_is_neither_found_nor_cleared),
		TEST("X-05 N-24 ", a_route_changes_device_and_type_in_one_replace),
		TEST("", another_metric_is_another_route),
		TEST("", a_route_over_a_tunnel_that_is_not_there_is_refused),
		TEST("", a_rule_that_gets_another_table_is_there_once),
		TEST("T-04 ", a_tunnel_to_an_address_of_our_own_is_refused),
		TEST("T-05 ", the_tunnel_mtu_is_the_path_mtu_less_40_and_follows_the_link),
		TEST("T-05 ", the_tunnel_mtu_is_never_below_1280),
		TEST("", a_tunnel_device_says_whose_it_is_and_sends_nothing_of_its_own),
		TEST("",
		    a_device_without_a_tunnel_is_kept_for_the_next_as_long_as_others_are_in_use),
		TEST("", a_foreign_hand_in_our_objects_asks_for_reconciling_and_our_own_does_not),
		TEST("", a_deleted_device_comes_back_with_the_passes_of_its_tunnel),
		TEST("", addresses_and_links_of_the_host_are_told),
		TEST("", addresses_are_listed_with_their_state),
		TEST("", settings_are_read_changed_and_put_back),
		TEST("", settings_that_do_not_exist_are_said_so),
		TEST("", link_local_addresses_are_listed_as_settings),
		TEST("", closing_leaves_what_is_the_kernels_and_takes_what_is_the_processs),
		TEST("", a_stale_filter_table_gets_our_rules_alone),
		TEST("", the_kernel_datapath_is_refused_where_it_does_not_work_and_auto_knows),
	};

	return lab_main("kern_netns_test", tests, countof(tests), KERN_AUTO);
}
