/* kern_lab.c - see kern_lab.h */
#include "common/sys/kern_lab.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/base.h"
#include "common/base/log.h"
#include "common/base/text.h"

static int
own_namespace(void)
{
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

static const char *
missing(void)
{
	int home = own_namespace();
	const char *why = NULL;

	if (access("/dev/net/tun", R_OK | W_OK) < 0)
		why = "no /dev/net/tun";
	else if (unshare(CLONE_NEWNET) < 0)
		why = "no permission to make a network namespace";
	else if (setns(home, CLONE_NEWNET) < 0)
		why = "cannot return to the network namespace";
	close(home);
	return why;
}

static void
no_event(void *ctx, const struct kern_event *e)
{
	(void)ctx;
	(void)e;
}

/* In a namespace of its own that is left behind. */
static bool
has_datapath(enum kern_datapath datapath)
{
	const struct kern_opts opts = {
		.name = "lab", .mark = KERN_MARK_HAD, .datapath = datapath, .event = no_event
	};
	struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
	struct kern *k = NULL;

	if (unshare(CLONE_NEWNET) == 0 && kern_open(&k, loop, &opts) == 0)
		kern_close(k);
	ev_loop_destroy(loop);
	return k != NULL;
}

enum kern_datapath
lab_datapath(void **state)
{
	return *(const enum kern_datapath *)*state;
}

static const struct {
	enum kern_datapath datapath;
	const char *name;
} datapaths[] = { { KERN_PORTABLE, "portable" }, { KERN_KERNEL, "kernel" } };

/* The tests once more, for that datapath. */
static size_t
add_tests(struct CMUnitTest *v, const struct CMUnitTest *tests, size_t n, size_t datapath)
{
	for (size_t i = 0; i < n; i++) {
		char *name;

		v[i] = tests[i];
		v[i].initial_state = (void *)(uintptr_t)&datapaths[datapath].datapath;
		if (asprintf(&name, "%s (%s)", tests[i].name, datapaths[datapath].name) < 0)
			abort();
		v[i].name = name;
	}
	return n;
}

static bool
is_wanted(size_t datapath, enum kern_datapath only)
{
	const char *named = getenv("HOMEPORT_DATAPATH");

	return (only == KERN_AUTO || only == datapaths[datapath].datapath) &&
	       (!named || strcmp(named, datapaths[datapath].name) == 0);
}

int
lab_main(const char *name, const struct CMUnitTest *tests, size_t n, enum kern_datapath only)
{
	struct CMUnitTest *all = calloc(countof(datapaths) * n, sizeof(*all));
	const char *why = missing();
	size_t count = 0;
	int r = 77;

	log_open(name);
	for (size_t i = 0; !why && i < countof(datapaths); i++) {
		if (is_wanted(i, only) && has_datapath(datapaths[i].datapath))
			count += add_tests(all + count, tests, n, i);
	}
	if (count > 0)
		r = _cmocka_run_group_tests(name, all, count, NULL, NULL);
	else
		fprintf(stderr, "skipped: %s\n", why ? why : "this kernel has not the datapath");
	for (size_t i = 0; i < count; i++)
		free((char *)(uintptr_t)all[i].name);
	free(all);
	return r;
}

void
lab_enter(const struct lab_ns *ns)
{
	assert_int_equal(setns(ns->fd, CLONE_NEWNET), 0);
}

void
lab_make(struct lab_ns *ns)
{
	*ns = (struct lab_ns){ .fd = -1 };
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	ns->fd = own_namespace();
	assert_true(ns->fd >= 0);
	lab_run(ns, "ip link set lo up");
}

static void
on_event(void *ctx, const struct kern_event *e)
{
	struct lab_ns *ns = ctx;
	struct lab_event *out;
	const uint8_t *p = NULL;

	if (ns->events_n == LAB_EVENTS)
		return;
	out = &ns->events[ns->events_n++];
	*out = (struct lab_event){ .kind = e->kind };
	switch (e->kind) {
	case KERN_MH:
	case KERN_MOBILE:
		out->from = e->mh->src;
		out->home = e->mh->has_hao ? e->mh->hao : e->mh->rh2;
		out->has_hao = e->mh->has_hao;
		out->has_rh2 = e->mh->has_rh2;
		out->has_mh = e->mh->mh != NULL;
		p = e->mh->mh ? e->mh->mh : e->mh->icmp6;
		out->n = e->mh->mh ? e->mh->mh_len : e->mh->icmp6_len;
		break;
	case KERN_ICMP6:
		out->from = e->icmp6.from;
		p = e->icmp6.p;
		out->n = e->icmp6.n;
		break;
	case KERN_FRAME:
		snprintf(out->name, sizeof(out->name), "%s", e->frame.dev);
		p = e->frame.p;
		out->n = e->frame.n;
		break;
	case KERN_ADDRESS:
	case KERN_LINK:
	case KERN_FORWARDING:
		memcpy(out->name, e->link.name, sizeof(out->name));
		out->up = e->link.up;
		break;
	case KERN_TUNNEL:
		out->mtu = e->tunnel.mtu;
		out->from = e->tunnel.ends.remote;
		break;
	case KERN_LOST:
		break;
	}
	if (p)
		memcpy(out->octets, p, out->n < sizeof(out->octets) ? out->n : sizeof(out->octets));
}

void
lab_open(struct lab_ns *ns, const struct kern_opts *opts)
{
	struct kern_opts mine = *opts;

	lab_enter(ns);
	mine.event = on_event;
	mine.ctx = ns;
	ns->loop = ev_loop_new(EVFLAG_AUTO);
	assert_non_null(ns->loop);
	assert_int_equal(kern_open(&ns->kern, ns->loop, &mine), 0);
}

void
lab_close(struct lab_ns *ns)
{
	lab_enter(ns);
	kern_close(ns->kern);
	ns->kern = NULL;
	if (ns->loop)
		ev_loop_destroy(ns->loop);
	ns->loop = NULL;
}

void
lab_drop(struct lab_ns *ns)
{
	if (ns->fd < 0)
		return;
	lab_close(ns);
	close(ns->fd);
	ns->fd = -1;
}

__attribute__((format(printf, 2, 0))) static void
command(char buf[static 512], const char *fmt, va_list ap)
{
	int n = vsnprintf(buf, 512, fmt, ap);

	assert_in_range(n, 1, 511);
}

void
lab_run(const struct lab_ns *ns, const char *fmt, ...)
{
	char buf[512];
	va_list ap;

	lab_enter(ns);
	va_start(ap, fmt);
	command(buf, fmt, ap);
	va_end(ap);
	if (system(buf) != 0)
		fail_msg("%s", buf);
}

int
lab_lines(const struct lab_ns *ns, const char *fmt, ...)
{
	char buf[512], line[1024];
	va_list ap;
	int n = 0;
	FILE *f;

	lab_enter(ns);
	va_start(ap, fmt);
	command(buf, fmt, ap);
	va_end(ap);
	f = popen(buf, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n++;
	pclose(f);
	return n;
}

void
lab_join(const struct lab_ns *a, const char *dev_a, const struct lab_ns *b, const char *dev_b)
{
	/* No DAD: addresses are good at once. No solicitations but those of the tests. */
	static const char quiet[] = "cd /proc/sys/net/ipv6/conf/%s && echo 0 >accept_dad && "
				    "echo 0 >router_solicitations && ip link set %s up";

	lab_run(a, "ip link add name %s type veth peer name %s netns /proc/%d/fd/%d", dev_a, dev_b,
	    (int)getpid(), b->fd);
	lab_run(a, quiet, dev_a, dev_a);
	lab_run(b, quiet, dev_b, dev_b);
}

void
lab_turn(struct lab_ns *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!v[i]->loop)
			continue;
		lab_enter(v[i]);
		ev_run(v[i]->loop, EVRUN_NOWAIT);
	}
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool
lab_until(struct lab_ns *const *v, size_t n, bool (*done)(void *ctx), void *ctx, int ms)
{
	int64_t end = now_ms() + ms;

	do {
		lab_turn(v, n);
		if (done(ctx))
			return true;
		poll(NULL, 0, 1);
	} while (now_ms() < end);
	return false;
}

ssize_t
lab_recv(struct lab_ns *const *v, size_t n, int fd, void *p, size_t len, int ms)
{
	int64_t end = now_ms() + ms;

	do {
		struct pollfd wait = { .fd = fd, .events = POLLIN };

		lab_turn(v, n);
		if (poll(&wait, 1, 1) > 0)
			return recv(fd, p, len, MSG_DONTWAIT);
	} while (now_ms() < end);
	return -1;
}

const struct lab_event *
lab_event(const struct lab_ns *ns, enum kern_event_kind kind)
{
	for (size_t i = 0; i < ns->events_n; i++) {
		if (ns->events[i].kind == kind)
			return &ns->events[i];
	}
	return NULL;
}

void
lab_forget(struct lab_ns *ns)
{
	ns->events_n = 0;
}

struct wanted {
	const char *name;
	uint64_t n;
	bool found;
};

static void
on_counter(void *ctx, const char *name, uint64_t n)
{
	struct wanted *w = ctx;

	if (strcmp(name, w->name) != 0)
		return;
	w->n = n;
	w->found = true;
}

uint64_t
lab_counter(const struct lab_ns *ns, const char *name)
{
	struct wanted w = { .name = name };

	lab_enter(ns);
	kern_counters(ns->kern, on_counter, &w);
	assert_true(w.found);
	return w.n;
}

struct in6_addr
lab_addr(const char *text)
{
	struct in6_addr a;

	assert_int_equal(text_to_addr(text, &a), 0);
	return a;
}

struct ip6_prefix
lab_prefix(const char *text)
{
	struct ip6_prefix p;

	assert_int_equal(text_to_prefix(text, &p), 0);
	return p;
}
