/*
 * kern_kernel_test.c - what only the kernel datapath has: devices, sets and states that
 * outlive the process, in a namespace of its own.
 */
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/base.h"
#include "common/sys/kern_lab.h"

#define TEST(rows, f)                                                                           \
	{                                                                                       \
		.name = rows #f, .test_func = f, .setup_func = setup, .teardown_func = teardown \
	}

#define WAIT_MS 2000

static const struct kern_opts opts = {
	.name = "test",
	.mark = KERN_MARK_HAD,
	.datapath = KERN_KERNEL,
};

struct fixture {
	struct lab_ns ns, far;
	struct kobj_tunnel t1, t2;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	lab_make(&f->far);
	lab_make(&f->ns);
	lab_join(&f->ns, "d0", &f->far, "f0");
	lab_run(&f->ns, "ip addr add 2001:db8:1::1/64 dev d0");
	lab_run(&f->ns, "ip -6 route add default via 2001:db8:1::ff dev d0");
	lab_open(&f->ns, &opts);
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

static struct kobj
tunnel(const struct kobj_tunnel *t)
{
	struct kobj o = { .kind = KOBJ_TUNNEL };

	o.tunnel = *t;
	return o;
}

static struct kobj
pass(const struct kobj_tunnel *t, enum kobj_side side, const char *prefix, bool late)
{
	struct kobj o = { .kind = KOBJ_PASS };

	o.pass.tunnel = *t;
	o.pass.side = side;
	o.pass.prefix = lab_prefix(prefix);
	o.pass.late = late;
	return o;
}

static struct kobj
route(const struct kobj_tunnel *t, const char *prefix)
{
	struct kobj o = { .kind = KOBJ_ROUTE };

	o.route.table = KOBJ_TABLE_MAIN;
	o.route.metric = 1024;
	o.route.dst = lab_prefix(prefix);
	o.route.dev = kobj_tunnel_dev(t);
	return o;
}

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

/* How many elements a set has. */
static int
elements(struct fixture *f, const char *name)
{
	return lab_lines(&f->ns,
	    "nft -a list set ip6 homeport-test %s | tr ',' '\\n' | grep -o "
	    "'[0-9a-f:]*::[0-9a-f/]*'",
	    name);
}

#define A "2001:db8:200:1::/64"
#define B "2001:db8:200:2::/64"

/* ---- restarts ---- */

/* `ip monitor` listens as this socket does: to links, addresses, routes and rules. */
static int
monitor(struct fixture *f)
{
	const struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE |
			     1 << (RTNLGRP_IPV6_RULE - 1),
	};
	int fd;

	lab_enter(&f->ns);
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static int
heard(int fd)
{
	uint8_t buf[8192];
	int n = 0;

	while (recv(fd, buf, sizeof(buf), 0) > 0)
		n++;
	return n;
}

static void
a_restart_finds_everything_and_changes_nothing(void **state)
{
	struct fixture *f = *state;
	const struct kobj all[] = {
		tunnel(&f->t1),
		tunnel(&f->t2),
		pass(&f->t1, KOBJ_SOURCE, A, false),
		pass(&f->t2, KOBJ_DESTINATION, A, false),
		route(&f->t1, A),
	};
	int fd;

	for (size_t i = 0; i < countof(all); i++)
		set(f, &all[i]);
	fd = monitor(f);
	lab_close(&f->ns);
	assert_int_equal(elements(f, "destination"), 1);
	lab_open(&f->ns, &opts);
	assert_int_equal(elements(f, "destination"), 1);
	assert_int_equal(found(f, &all[0]), 1);
	assert_int_equal(found(f, &all[1]), 1);
	assert_int_equal(found(f, &all[4]), 1);
	assert_int_equal(found(f, NULL), 3); /* passes are said again by whoever wants them */
	for (size_t i = 0; i < countof(all); i++) {
		if (all[i].kind != KOBJ_ROUTE) /* which want_fix would find as it should be */
			set(f, &all[i]);
	}
	assert_int_equal(heard(fd), 0);
	assert_int_equal(elements(f, "destination"), 1);
	close(fd);
}

static bool
set_is_empty(void *ctx)
{
	return elements(ctx, "destination") == 0;
}

static void
a_pass_that_nobody_wants_after_a_restart_goes_soon(void **state)
{
	struct fixture *f = *state;
	struct lab_ns *const all[] = { &f->ns };
	const struct kobj t = tunnel(&f->t1), p = pass(&f->t1, KOBJ_DESTINATION, A, false);

	set(f, &t);
	set(f, &p);
	lab_close(&f->ns);
	lab_open(&f->ns, &opts);
	assert_int_equal(elements(f, "destination"), 1);
	assert_true(lab_until(all, 1, set_is_empty, f, 10000));
	assert_int_equal(elements(f, "ends"), 2);
}

/* Elements that came or went since the socket was opened, as `nft monitor` hears of them. */
static void
heard_elements(int fd, int *ret_came, int *ret_went)
{
	_Alignas(struct nlmsghdr) uint8_t buf[32768];
	ssize_t n;

	*ret_came = *ret_went = 0;
	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		for (size_t at = 0; at + NLMSG_HDRLEN <= (size_t)n;) {
			const struct nlmsghdr *h = (const void *)(buf + at);

			*ret_came += (h->nlmsg_type & 0xff) == NFT_MSG_NEWSETELEM;
			*ret_went += (h->nlmsg_type & 0xff) == NFT_MSG_DELSETELEM;
			at += NLMSG_ALIGN(h->nlmsg_len);
		}
	}
}

static bool
one_is_left(void *ctx)
{
	return elements(ctx, "destination") == 1;
}

/* In Linux 6.1 packets find a set of intervals empty that is emptied and filled at once. */
static void
a_pass_that_is_wanted_is_not_touched_when_another_goes(void **state)
{
	const struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	const int group = NFNLGRP_NFTABLES;
	struct fixture *f = *state;
	struct lab_ns *const all[] = { &f->ns };
	const struct kobj t = tunnel(&f->t1), a = pass(&f->t1, KOBJ_DESTINATION, A, false),
			  b = pass(&f->t1, KOBJ_DESTINATION, B, false);
	int fd, came, went;

	set(f, &t);
	set(f, &a);
	set(f, &b);
	lab_close(&f->ns);
	lab_open(&f->ns, &opts);
	set(f, &t);
	set(f, &a);
	assert_int_equal(elements(f, "destination"), 2);
	lab_enter(&f->ns);
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)), 0);
	assert_true(lab_until(all, 1, one_is_left, f, 10000));
	heard_elements(fd, &came, &went);
	assert_int_equal(came, 0);
	assert_int_equal(went, 1);
	assert_int_equal(elements(f, "destination"), 1);
	assert_int_equal(elements(f, "ends"), 2);
	close(fd);
}

static void
a_device_with_other_parameters_is_put_right(void **state)
{
	struct fixture *f = *state;
	const struct kobj t = tunnel(&f->t1), r = route(&f->t1, A);
	struct kern_opts changed = opts;

	set(f, &t);
	set(f, &r);
	lab_close(&f->ns);
	changed.hop_limit = 17;
	lab_open(&f->ns, &changed);
	assert_int_equal(found(f, &t), 1);
	assert_int_equal(found(f, &r), 1);
	assert_int_equal(lab_lines(&f->ns, "ip -d link show hp0 | grep 'hoplimit 17'"), 1);
}

static void
a_device_whose_maker_was_killed_over_it_is_finished(void **state)
{
	struct fixture *f = *state;
	const struct kobj t = tunnel(&f->t1);

	lab_close(&f->ns);
	lab_run(&f->ns, "ip link add hp0 group 110 type ip6tnl mode ip6ip6 encaplimit none"
			" local 2001:db8:1::1 remote 2001:db8:2::10");
	lab_open(&f->ns, &opts);
	assert_int_equal(found(f, &t), 1);
	assert_int_equal(lab_lines(&f->ns, "ip link show hp0 | grep 'alias homeport test'"), 1);
	assert_int_equal(lab_lines(&f->ns, "ip -6 addr show dev hp0"), 0);
}

static void
the_portable_datapath_clears_the_devices_away(void **state)
{
	struct fixture *f = *state;
	const struct kobj t = tunnel(&f->t1);
	struct kern_opts portable = opts;

	portable.datapath = KERN_PORTABLE;
	set(f, &t);
	lab_close(&f->ns);
	lab_open(&f->ns, &portable);
	assert_int_equal(lab_lines(&f->ns, "ip -o link show | grep ' hp[0-9]'"), 0);
}

static void
closing_with_nothing_left_leaves_nothing_behind(void **state)
{
	struct fixture *f = *state;
	const struct kobj t = tunnel(&f->t1);

	set(f, &t);
	clear(f, &t);
	assert_true(lab_lines(&f->ns, "ip xfrm state") > 0);
	lab_close(&f->ns);
	assert_int_equal(lab_lines(&f->ns, "nft list tables"), 0);
	assert_int_equal(lab_lines(&f->ns, "ip xfrm state; ip xfrm policy"), 0);
	assert_int_equal(lab_lines(&f->ns, "ip -o link show | grep ' hp[0-9]'"), 0);
}

/* ---- others ---- */

static void
a_tunnel_of_somebody_else_with_the_same_ends_is_left_alone(void **state)
{
	struct fixture *f = *state;
	const struct kobj t = tunnel(&f->t1);

	lab_run(&f->ns,
	    "ip link add theirs type ip6tnl mode ip6ip6 local 2001:db8:1::1 remote 2001:db8:2::10");
	assert_int_equal(kern_set(f->ns.kern, &t), -EBUSY);
	assert_int_equal(found(f, NULL), 0);
	assert_int_equal(lab_lines(&f->ns, "ip link show theirs | grep alias"), 0);
}

static bool
has_states_and_policy(void *ctx)
{
	const struct fixture *f = ctx;

	return lab_lines(&f->ns, "ip xfrm state | grep 'proto hao\\|proto route2'") == 2 &&
	       lab_lines(&f->ns, "ip xfrm policy | grep 'ptype sub'") == 2;
}

static void
flushed_states_and_policies_come_back(void **state)
{
	static const char *const hands[] = {
		"ip xfrm state flush",
		"ip xfrm policy flush",
		"ip xfrm policy flush ptype sub",
	};
	struct fixture *f = *state;
	struct lab_ns *const all[] = { &f->ns };

	for (size_t i = 0; i < countof(hands); i++) {
		lab_run(&f->ns, "%s", hands[i]);
		if (!lab_until(all, 1, has_states_and_policy, f, WAIT_MS))
			fail_msg("not put back: %s", hands[i]);
	}
}

static bool
is_lost(void *ctx)
{
	return lab_event(ctx, KERN_LOST) != NULL;
}

static void
a_device_set_down_asks_for_reconciling_and_comes_up_again(void **state)
{
	struct fixture *f = *state;
	struct lab_ns *const all[] = { &f->ns };
	const struct kobj t = tunnel(&f->t1);

	set(f, &t);
	lab_run(&f->ns, "ip link set hp0 down");
	assert_true(lab_until(all, 1, is_lost, &f->ns, WAIT_MS));
	assert_int_equal(found(f, &t), 0);
	set(f, &t);
	assert_int_equal(found(f, &t), 1);
}

/* ---- sets ---- */

static void
passes_are_elements_and_follow_the_device(void **state)
{
	struct fixture *f = *state;
	struct lab_ns *const all[] = { &f->ns };
	const struct kobj t = tunnel(&f->t1), d = pass(&f->t1, KOBJ_DESTINATION, A, false),
			  l = pass(&f->t1, KOBJ_SOURCE, A, true);

	set(f, &t);
	set(f, &d);
	set(f, &l);
	lab_run(&f->ns, "ip link del hp0");
	assert_true(lab_until(all, 1, is_lost, &f->ns, WAIT_MS));
	lab_run(&f->ns, "ip link add hp0 type dummy"); /* the name is taken now */
	set(f, &t);
	assert_int_equal(found(f, NULL), 3);
	assert_int_equal(elements(f, "destination"), 1);
	assert_int_equal(elements(f, "source-late"), 1);
	assert_int_equal(elements(f, "ends"), 2);
	assert_int_equal(
	    lab_lines(&f->ns, "nft list set ip6 homeport-test destination | grep '\"hp1\" . '"), 1);
	clear(f, &d);
	clear(f, &l);
	clear(f, &t);
	assert_int_equal(elements(f, "destination"), 0);
	assert_int_equal(elements(f, "source-late"), 0);
	assert_int_equal(elements(f, "ends"), 0);
}

static void
a_set_emptied_by_somebody_is_filled_by_the_next_change(void **state)
{
	struct fixture *f = *state;
	const struct kobj t = tunnel(&f->t1), a = pass(&f->t1, KOBJ_DESTINATION, A, false),
			  b = pass(&f->t1, KOBJ_DESTINATION, "2001:db8:200:2::/64", false);

	set(f, &t);
	set(f, &a);
	set(f, &b);
	lab_run(&f->ns, "nft flush set ip6 homeport-test destination");
	clear(f, &b);
	assert_int_equal(elements(f, "destination"), 1);
	assert_int_equal(elements(f, "ends"), 2);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST("X-05 ", a_restart_finds_everything_and_changes_nothing),
		TEST("", a_pass_that_nobody_wants_after_a_restart_goes_soon),
		TEST("X-01 ", a_pass_that_is_wanted_is_not_touched_when_another_goes),
		TEST("", a_device_with_other_parameters_is_put_right),
		TEST("", a_device_whose_maker_was_killed_over_it_is_finished),
		TEST("", the_portable_datapath_clears_the_devices_away),
		TEST("", closing_with_nothing_left_leaves_nothing_behind),
		TEST("", a_tunnel_of_somebody_else_with_the_same_ends_is_left_alone),
		TEST("", flushed_states_and_policies_come_back),
		TEST("", a_device_set_down_asks_for_reconciling_and_comes_up_again),
		TEST("", passes_are_elements_and_follow_the_device),
		TEST("", a_set_emptied_by_somebody_is_filled_by_the_next_change),
	};

	return lab_main("kern_kernel_test", tests, countof(tests), KERN_KERNEL);
}
