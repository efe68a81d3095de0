/*
 * hv_seen.h - the guests that mrd was told of, by name; kept in a file, so that one which ends
 * while nobody watches is found missing by the next who does.
 *
 * Layer: sys.
 */
#pragma once

#include <stdbool.h>

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(e) ((e)->hh.tbl = NULL)
#include <uthash.h>

#include "hypervisor-hooks/hv_guest.h"

#define HV_NAME_MAX 63 /* octets of a guest's name: mrd's own limit */

struct hv_seen_guest {
	UT_hash_handle hh;
	char name[HV_NAME_MAX + 1];
	char words[HV_WORDS_MAX]; /* of its metadata; "" if not looked at yet */
	bool there;		  /* scratch of whoever compares */
};

struct hv_seen {
	struct hv_seen_guest *by_name;
	const char *file; /* borrowed; NULL: none */
};

/* Read the file, if it is there. */
void hv_seen_init(struct hv_seen *s, const char *file);
void hv_seen_done(struct hv_seen *s); /* leaves the file */

struct hv_seen_guest *hv_seen_find(const struct hv_seen *s, const char *name);
/* There from now on; written to the file. NULL: no memory, or too long a name. */
struct hv_seen_guest *hv_seen_add(struct hv_seen *s, const char *name);
void hv_seen_remove(struct hv_seen *s, const char *name);
