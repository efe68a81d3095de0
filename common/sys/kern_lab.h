/*
 * kern_lab.h - network namespaces with a struct kern in them, for the tests of sys.
 *
 * The process itself steps from namespace to namespace: `lab_enter` before every call
 * into a kern. Nothing sleeps: `lab_until` turns the loops and waits for descriptors.
 * Everything dies with the process.
 *
 * Layer: tests.
 */
#pragma once

#include <sys/socket.h>

#include "common/sys/kern.h"

#define LAB_EVENTS 64

struct lab_event { /* what a test wants to know of an event; octets are copied */
	enum kern_event_kind kind;
	char name[KOBJ_DEV_MAX];
	bool up;
	uint32_t mtu;
	struct in6_addr from, home;
	bool has_hao, has_rh2, has_mh;
	uint8_t octets[256];
	size_t n;
};

struct lab_ns {
	int fd; /* of the namespace */
	struct ev_loop *loop;
	struct kern *kern; /* NULL: a namespace without one */
	struct lab_event events[LAB_EVENTS];
	size_t events_n;
};

/*
 * main() of a test program: run each test on every datapath that this kernel has, or on
 * that which HOMEPORT_DATAPATH names; only: on that one alone, or KERN_AUTO. A setup
 * function finds the datapath as its state. Where there is none, or no namespaces can be
 * had, the program says so and ends with 77, skipped.
 */
struct CMUnitTest;
int lab_main(const char *name, const struct CMUnitTest *tests, size_t n, enum kern_datapath only);
enum kern_datapath lab_datapath(void **state);

void lab_make(struct lab_ns *ns);				/* a namespace with lo up */
void lab_open(struct lab_ns *ns, const struct kern_opts *opts); /* a kern in it */
void lab_close(struct lab_ns *ns);				/* close the kern */
void lab_drop(struct lab_ns *ns);				/* and the namespace */
void lab_enter(const struct lab_ns *ns);

/* Run a shell command in ns; it must succeed. */
__attribute__((format(printf, 2, 3))) void lab_run(const struct lab_ns *ns, const char *fmt, ...);
/* How many lines the command prints. */
__attribute__((format(printf, 2, 3))) int lab_lines(const struct lab_ns *ns, const char *fmt, ...);

/* Join two namespaces with a veth pair, both ends up. */
void lab_join(const struct lab_ns *a, const char *dev_a, const struct lab_ns *b, const char *dev_b);

/* Turn all loops once, without waiting. */
void lab_turn(struct lab_ns *const *v, size_t n);
/* Turn until done(ctx) or the time is up; returns what done said last. */
bool lab_until(struct lab_ns *const *v, size_t n, bool (*done)(void *ctx), void *ctx, int ms);
/* Turn until fd is readable, then recv. Returns octets, or -1 when the time is up. */
ssize_t lab_recv(struct lab_ns *const *v, size_t n, int fd, void *p, size_t len, int ms);

/* The first event of a kind, or NULL; and forgetting them all. */
const struct lab_event *lab_event(const struct lab_ns *ns, enum kern_event_kind kind);
void lab_forget(struct lab_ns *ns);

uint64_t lab_counter(const struct lab_ns *ns, const char *name);

struct in6_addr lab_addr(const char *text);
struct ip6_prefix lab_prefix(const char *text);
