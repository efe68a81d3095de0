/* kern_keep_test.c - copies of what a guest was given, sent to where it went. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/base.h"
#include "common/sys/kern_lab.h"

#define TEST(rows, f)                                                                           \
	{                                                                                       \
		.name = rows #f, .test_func = f, .setup_func = setup, .teardown_func = teardown \
	}

/*
 * src is the host that the guest stops on: its link g0 to the guest, its uplink u0 to the
 * host that it goes to. Whatever comes out of the tunnel there is for a namespace behind.
 */
struct fixture {
	struct lab_ns src, guest, dst;
	struct kobj_tunnel there;
	struct nd_mac mac;
	int out, in; /* sockets: what is sent to the guest, what arrives at the destination */
};

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int
udp(const struct lab_ns *ns, const char *bind_to)
{
	struct sockaddr_in6 a = {
		.sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_addr = lab_addr(bind_to)
	};
	int fd;

	lab_enter(ns);
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void
set(struct lab_ns *ns, const struct kobj *o)
{
	lab_enter(ns);
	assert_int_equal(kern_set(ns->kern, o), 0);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct kern_opts opts = {
		.name = "test", .mark = KERN_MARK_MRD, .datapath = lab_datapath(state)
	};
	struct kobj o;

	lab_make(&f->src);
	lab_make(&f->guest);
	lab_make(&f->dst);
	lab_join(&f->src, "g0", &f->guest, "eth0");
	lab_join(&f->src, "u0", &f->dst, "u1");
	f->mac = (struct nd_mac){ { 0x02, 0, 0, 0, 0, 0x31 } };
	lab_run(&f->guest, "ip link set eth0 address 02:00:00:00:00:31");
	lab_run(&f->src, "ip addr add 2001:db8:a::10/64 dev u0 nodad");
	lab_run(&f->dst, "ip addr add 2001:db8:a::20/64 dev u1 nodad");
	lab_run(&f->dst, "ip addr add 2001:db8:200::5/128 dev lo nodad");
	lab_run(&f->src, "ip addr add 2001:db8:1::1/64 dev g0 nodad");
	lab_run(&f->src, "ip -6 route add 2001:db8:200::/64 via fe80::31 dev g0");
	lab_run(&f->src, "ip -6 neigh add fe80::31 lladdr 02:00:00:00:00:31 dev g0");
	lab_open(&f->src, &opts);
	lab_open(&f->dst, &opts);
	f->there = (struct kobj_tunnel){ lab_addr("2001:db8:a::10"), lab_addr("2001:db8:a::20") };
	memset(&o, 0, sizeof(o));
	o.kind = KOBJ_TUNNEL;
	o.tunnel = f->there;
	set(&f->src, &o);
	o.tunnel = (struct kobj_tunnel){ f->there.remote, f->there.local };
	set(&f->dst, &o);
	memset(&o, 0, sizeof(o));
	o.kind = KOBJ_PASS;
	o.pass.tunnel = (struct kobj_tunnel){ f->there.remote, f->there.local };
	o.pass.side = KOBJ_DESTINATION;
	o.pass.prefix = lab_prefix("2001:db8:200::/64");
	set(&f->dst, &o);
	f->out = udp(&f->src, "2001:db8:1::1");
	f->in = udp(&f->dst, "2001:db8:200::5");
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	close(f->out);
	close(f->in);
	lab_drop(&f->src);
	lab_drop(&f->dst);
	lab_drop(&f->guest);
	free(f);
	return 0;
}

/* One packet to the guest, with a letter in it. */
static void
give(struct fixture *f, char letter)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6,
		.sin6_port = htons(9),
		.sin6_addr = lab_addr("2001:db8:200::5") };

	lab_enter(&f->src);
	assert_int_equal(sendto(f->out, &letter, 1, 0, (struct sockaddr *)&to, sizeof(to)), 1);
}

/* What arrives at the destination, as letters in order, until `last` has come. */
static const char *
arrived(struct fixture *f, char last, char buf[static 64])
{
	struct lab_ns *const all[] = { &f->src, &f->dst };
	size_t n = 0;

	while (n < 63 && (n == 0 || buf[n - 1] != last) &&
	       lab_recv(all, 2, f->in, buf + n, 1, 2000) == 1)
		n++;
	buf[n] = '\0';
	return buf;
}

static int
send_since(struct fixture *f, int64_t since_us)
{
	lab_enter(&f->src);
	return kern_keep_send(f->src.kern, "g0", &f->mac, 1, since_us, &f->there);
}

static void
what_is_younger_than_the_stop_is_sent_on_in_order(void **state)
{
	struct fixture *f = *state;
	int64_t stop;
	char buf[64];

	lab_enter(&f->src);
	assert_int_equal(kern_keep(f->src.kern, "g0", true), 0);
	assert_int_equal(kern_keep(f->src.kern, "g0", true), 0);
	give(f, 'a');
	give(f, 'b');
	stop = now_us();
	give(f, 'c');
	give(f, 'd');
	give(f, 'e');
	assert_int_equal(send_since(f, stop), 3);
	assert_string_equal(arrived(f, 'e', buf), "cde");
	assert_int_equal(lab_counter(&f->src, "kept-sent-on"), 3);
}

static void
another_guests_packets_are_not_sent_on(void **state)
{
	struct fixture *f = *state;
	struct nd_mac other = { { 0x02, 0, 0, 0, 0, 0x32 } };

	lab_enter(&f->src);
	assert_int_equal(kern_keep(f->src.kern, "g0", true), 0);
	give(f, 'a');
	lab_enter(&f->src);
	assert_int_equal(kern_keep_send(f->src.kern, "g0", &other, 1, 0, &f->there), 0);
	assert_int_equal(kern_keep_send(f->src.kern, "u0", &f->mac, 1, 0, &f->there), 0);
	assert_int_equal(send_since(f, 0), 1);
}

static void
nothing_is_kept_before_it_is_asked_for_nor_after(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(send_since(f, 0), -ENODEV);
	give(f, 'a');
	lab_enter(&f->src);
	assert_int_equal(kern_keep(f->src.kern, "nosuch", true), -ENODEV);
	assert_int_equal(kern_keep(f->src.kern, "g0", true), 0);
	give(f, 'b');
	lab_enter(&f->src);
	assert_int_equal(kern_keep(f->src.kern, "g0", false), 0);
	assert_int_equal(kern_keep(f->src.kern, "g0", false), 0);
	give(f, 'c');
	assert_int_equal(send_since(f, 0), 0);
	lab_enter(&f->src);
	assert_int_equal(kern_keep(f->src.kern, "g0", true), 0);
	give(f, 'd');
	assert_int_equal(send_since(f, 0), 1);
}

/* Bounded: the newest of a burst may be lost, and are counted; the next ones are kept. */
static void
more_than_fits_is_counted(void **state)
{
	struct fixture *f = *state;
	struct lab_ns *const all[] = { &f->src, &f->dst };
	int64_t limit = now_us() + 5000000;

	lab_enter(&f->src);
	assert_int_equal(kern_keep(f->src.kern, "g0", true), 0);
	for (int i = 0; i < 4096 + 50; i++)
		give(f, 'x');
	while (lab_counter(&f->src, "kept-overflow") == 0 && now_us() < limit)
		lab_turn(all, 2);
	assert_in_range(lab_counter(&f->src, "kept-overflow"), 1, 4096 + 50);
	/* Old ones go by themselves. */
	while (send_since(f, 0) > 0 && now_us() < limit)
		lab_turn(all, 2);
	give(f, 'y');
	assert_int_equal(send_since(f, 0), 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST("X-09 ", what_is_younger_than_the_stop_is_sent_on_in_order),
		TEST("", another_guests_packets_are_not_sent_on),
		TEST("", nothing_is_kept_before_it_is_asked_for_nor_after),
		TEST("", more_than_fits_is_counted),
	};

	return lab_main("kern_keep", tests, countof(tests), KERN_AUTO);
}
