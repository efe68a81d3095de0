/*
 * kern_set.h - elements of the filter table's sets, many in one transaction, and its
 * named counters.
 *
 * Raw netlink, because libnftables takes milliseconds and hundreds of KiB for what is
 * one message: these sets change while guests move.
 *
 * Layer: sys, private to kern*.c.
 *
 *	struct kern_batch b;
 *
 *	kern_batch_begin(&b, "homeport-had");
 *	kern_batch_element(&b, "sourced", &e, true);
 *	r = kern_batch_send(&b, nl);
 */
#pragma once

#include "common/sys/kern_nl.h"

#define KERN_SET_KEY_MAX 32

/* A key as the set's type says, its parts padded to four octets each; end: of an interval. */
struct kern_element {
	uint8_t key[KERN_SET_KEY_MAX], end[KERN_SET_KEY_MAX];
	size_t n;
	bool is_interval;
};

struct kern_batch {
	const char *table; /* of family ip6; the caller's */
	uint8_t *buf;	   /* owned */
	size_t n, cap;
	bool bad; /* sticky: memory ran out */
};

void kern_batch_begin(struct kern_batch *b, const char *table);
void kern_batch_element(
    struct kern_batch *b, const char *set, const struct kern_element *e, bool on);
void kern_batch_flush(struct kern_batch *b, const char *set);
/* All of it or nothing; frees b. 0 or -errno: -ENOENT if a set or an element to go is not there. */
int kern_batch_send(struct kern_batch *b, struct kern_nl *nl);

/* Call fn for each element of a set. 0 or -errno. */
typedef void kern_set_fn(void *ctx, const char *set, const struct kern_element *e);
int kern_set_each(
    struct kern_nl *nl, const char *table, const char *set, kern_set_fn *fn, void *ctx);

/* Call fn for each named counter of the table. 0 or -errno. */
typedef void kern_counter_fn(void *ctx, const char *name, uint64_t packets);
int kern_set_counters(struct kern_nl *nl, const char *table, kern_counter_fn *fn, void *ctx);
