/*
 * ha_conf.h - had.conf as a struct: what it says, checked.
 *
 * One row per key in ha_conf.c; the same rows parse, print the normal form and
 * make the list of keys in had.conf(5).
 *
 * Layer: shell (reads a file).
 */
#pragma once

#include <stdio.h>

#include "common/base/conf.h"
#include "had/ha_policy.h"
#include "had/ha_prefix.h"

#define HA_PATH_MAX 107 /* octets: what fits into a sockaddr_un */
#define HA_TEXT_MAX 127

struct ha_place; /* where a section stood, while the file is being read */

struct ha_conf {
	struct ha_policy policy;
	struct ha_table table;
	int datapath; /* enum kern_datapath */
	uint32_t traffic_class, hop_limit;
	bool forwarding;
	int on_stop; /* enum ha_on_stop */
	char control[HA_PATH_MAX + 1];
	char control_group[HA_TEXT_MAX + 1];
	char log_debug[HA_TEXT_MAX + 1];
	struct ha_place *places;
	size_t n_places;
};

enum ha_on_stop { HA_STOP_KEEP, HA_STOP_REMOVE };

/*
 * Read and check a file. 0 with a configuration to be freed; -EINVAL after messages
 * on stderr, one a line with file, line, key and reason; other -errno likewise.
 */
int ha_conf_load(const char *file, struct ha_conf **ret_conf);
void ha_conf_free(struct ha_conf *conf);

/* The normal form: it loads to the same configuration. 0 or -errno. */
int ha_conf_print(FILE *out, const struct ha_conf *conf);
/* The keys for the manual page, in mdoc. */
int ha_conf_print_doc(FILE *out);

/*
 * The first key that is different and that a running daemon cannot take over, or
 * NULL: addresses, sockets and the datapath are made once.
 */
const char *ha_conf_needs_restart(const struct ha_conf *a, const struct ha_conf *b);
