/*
 * mr_conf.h - what an operator may set: the values of mrd.conf as structs.
 *
 * The rows behind them, one per key, are in mr_conf.c. The core reads the structs
 * and knows nothing of files.
 *
 * Layer: the structs are plain values for everybody; the functions are the shell's.
 */
#pragma once

#include <stdio.h>

#include "common/base/conf.h"
#include "common/base/kobj.h"
#include "common/wire/mh_opt.h"
#include "common/wire/nd.h"
#include "mrd/mr_home.h"

#define MR_NAME_MAX 63		    /* octets of a guest's name */
#define MR_PREFIX_MAX MH_PREFIX_MAX /* of one guest: they go into one Binding Update */
#define MR_MAC_MAX 8
#define MR_PATH_MAX 107 /* octets of a path; sockets have no more */
#define MR_GROUP_MAX 32
#define MR_AGENTS_MAX 8 /* home agents of one home link that are used */

/* A guest as it is configured, in mrd.conf or by words. */
struct mr_guest_conf {
	char name[MR_NAME_MAX + 1];
	struct in6_addr home_address; /* ::, the first address of the first prefix */
	uint8_t prefixes, macs;
	struct ip6_prefix prefix[MR_PREFIX_MAX];
	struct nd_mac mac[MR_MAC_MAX];
	char link[KOBJ_DEV_MAX];
};

/* What every guest is shown as its router. */
struct mr_gateway_conf {
	struct in6_addr address; /* link-local */
	struct nd_mac mac;
	int64_t router_lifetime_ms, interval_min_ms, interval_max_ms;
	int64_t valid_ms, preferred_ms, rdnss_lifetime_ms;
	uint32_t mtu; /* octets; 0: the tunnel's own */
	bool managed, other, autonomous;
	uint8_t rdnss_n;
	struct in6_addr rdnss[ND_RDNSS_MAX];
};

/* RFC 3963 5.2; the first of two, and the other when it is refused (5.4). */
enum mr_mode { MR_EXPLICIT, MR_IMPLICIT, MR_EXPLICIT_FIRST, MR_IMPLICIT_FIRST };
enum mr_on_stop { MR_KEEP, MR_REMOVE };

struct mr_conf {
	char uplink[KOBJ_DEV_MAX];
	struct in6_addr careof; /* ::, chosen from the uplink's */
	uint8_t home_agents;
	struct in6_addr home_agent[MR_AGENTS_MAX]; /* in the order of use */
	uint8_t home_prefixes;
	struct ip6_prefix home_prefix[MR_HOME_PREFIX_MAX]; /* of home links that are real */
	bool home_learn;
	uint8_t discover_n;	       /* 0 or 1 */
	struct ip6_prefix discover[1]; /* home prefix on which home agents are asked for */
	int64_t lifetime_ms, first_timeout_ms, next_agent_ms, grace_ms;
	int mode;     /* enum mr_mode */
	int on_stop;  /* enum mr_on_stop */
	int datapath; /* enum kern_datapath */
	bool local_delivery, uplink_router;
	bool ask, early_switch;
	int64_t ask_timeout_ms;
	uint32_t traffic_class, hop_limit;
	uint32_t table_base, rule_priority;
	uint32_t guests_max;
	char state[MR_PATH_MAX + 1];
	char control[MR_PATH_MAX + 1], control_group[MR_GROUP_MAX + 1];

	struct mr_gateway_conf gateway;
	struct mr_guest_conf *guest; /* owned */
	size_t guests, guests_cap;
};

/*
 * Read and check a file. 0, or -errno after messages on stderr; then *ret_conf is
 * untouched.
 */
int mr_conf_load(const char *file, struct mr_conf *ret_conf);
void mr_conf_done(struct mr_conf *conf); /* what it owns; NULL and zeroed are fine */

int mr_conf_print(FILE *out, const struct mr_conf *conf);
int mr_conf_print_doc(FILE *out);

/*
 * Put "prefix 2001:db8:200:1::/64" and the like, as words, into a guest. The name
 * is set before. Returns 0, or -EINVAL with a reason in why.
 */
int mr_conf_guest_words(
    struct mr_guest_conf *guest, int argc, const char *const *argv, char *why, size_t why_len);

/*
 * Is the guest whole? Fills in the Home Address if none was given. NULL, or the
 * key at fault with the reason in why.
 */
const char *mr_conf_guest_check(struct mr_guest_conf *guest, char *why, size_t why_len);
