/*
 * kern_fake.h - kern.h without a kernel: every call becomes a line of text.
 *
 * Linked in place of libsys by tests of the shells, and for a dry run. Objects that are
 * set are there (kern_dump finds them), settings keep their values, events are put in
 * by the test.
 *
 *	kern_open(&k, NULL, &opts);
 *	...
 *	assert_string_equal(kern_fake_line(k, 0), "set tunnel 2001:db8:1::1 2001:db8:2::10");
 *
 * Layer: sys, without a world.
 */
#pragma once

#include "common/sys/kern.h"

#define KERN_FAKE_LINE_MAX 320

/* The lines so far: how many, and the i-th (valid until the next call), NULL past the end. */
size_t kern_fake_lines(const struct kern *k);
const char *kern_fake_line(const struct kern *k, size_t i);
void kern_fake_forget(struct kern *k);

/*
 * Make the n-th call from now (0: the very next) that writes a line fail with this
 * -errno. It writes its line with " = ERROR" behind it and changes nothing.
 */
void kern_fake_fail(struct kern *k, size_t n, int error);

/* What the kernel would say. */
void kern_fake_emit(struct kern *k, const struct kern_event *e);

/* An answer to kern_addresses, appended; kern_is_own knows it, too. dev NULL forgets all. */
int kern_fake_address(struct kern *k, const char *dev, const struct kern_address *a);
/* A setting that exists, with its value; what was not put in is -ENOENT. */
int kern_fake_setting(struct kern *k, const char *name, const char *value);
/* Objects of somebody else's earlier life, for kern_dump to find. */
int kern_fake_object(struct kern *k, const struct kobj *o);
