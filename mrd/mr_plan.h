/*
 * mr_plan.h - a guest, as it is at the moment, as kernel objects.
 *
 * Pure: the same guest on the same host is always the same list. doc/design.md,
 * "Routing on a host", has the tables and why they are so.
 *
 * Source: RFC 3963 3, 5.5 (tunnel and its checks), 9 (ingress filter); RFC 6275
 *         11.3.1 (the previous care-of address).
 * Layer:  core.
 */
#pragma once

#include "mrd/mr_guest.h"

/* Routing tables, from `table-base`, and rules, from `rule-priority`. */
enum mr_table {
	MR_TABLE_IN,
	MR_TABLE_LIVE,
	MR_TABLE_SPOOF,
	MR_TABLE_LATE, /* as `in`, for what a former host sends: it goes to no tunnel */
	MR_TABLE_GUEST = 10
};
enum mr_rule { MR_RULE_TUNNEL, MR_RULE_LOCAL, MR_RULE_GUEST, MR_RULE_SPOOF, MR_RULE_LIVE };

#define MR_METRIC 1024
#define MR_METRIC_LAST 4096 /* underneath: what is left when nothing better is there */

/* What of the host matters for all guests. */
struct mr_host {
	struct in6_addr careof;	     /* ::, none at the moment */
	struct in6_addr late_careof; /* the previous one, for the grace; :: if none */
	uint32_t table_base, rule_priority;
	bool local_delivery;
	char uplink[KOBJ_DEV_MAX];
	struct mr_home home;
};

/* Add the guest's objects to *plan. Look at plan->bad afterwards. */
void mr_plan(const struct mr_guest *g, const struct mr_host *host, struct plan *plan);
