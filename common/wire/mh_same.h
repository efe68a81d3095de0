/*
 * mh_same.h - whether two decoded messages say the same. For tests and fuzzers.
 *
 * memcmp alone will not do, because options borrow octets from two packets.
 *
 * Layer: tests only.
 */
#pragma once

#include "common/wire/mh.h"

/* Compare two runs of octets, then forget where they were. */
static inline bool
mh_bytes_same(struct mh_bytes *a, struct mh_bytes *b)
{
	bool same = a->n == b->n && (a->n == 0 || memcmp(a->p, b->p, a->n) == 0);

	a->p = b->p = NULL;
	return same;
}

static inline bool
mh_opts_same(const struct mh_opts *one, const struct mh_opts *two)
{
	struct mh_opts a, b;
	bool same;

	memcpy(&a, one, sizeof(a)); /* padding too: an assignment need not */
	memcpy(&b, two, sizeof(b));
	same = mh_bytes_same(&a.binding_auth, &b.binding_auth) &&
	       mh_bytes_same(&a.link_layer.data, &b.link_layer.data) &&
	       mh_bytes_same(&a.node_id.data, &b.node_id.data) &&
	       mh_bytes_same(&a.service.data, &b.service.data) &&
	       mh_bytes_same(&a.node_link_layer, &b.node_link_layer) &&
	       mh_bytes_same(&a.flow_summary, &b.flow_summary);
	for (unsigned i = 0; i < MH_AUTH_MAX; i++)
		same = same && mh_bytes_same(&a.auth[i].data, &b.auth[i].data);
	for (unsigned i = 0; i < MH_VENDOR_MAX; i++)
		same = same && mh_bytes_same(&a.vendor[i].data, &b.vendor[i].data);
	for (unsigned i = 0; i < MH_FLOW_MAX; i++)
		same = same && mh_bytes_same(&a.flow[i].sub, &b.flow[i].sub);
	return same && memcmp(&a, &b, sizeof(a)) == 0;
}

static inline bool
mh_same(const struct mh *a, const struct mh *b)
{
	return a->type == b->type && memcmp(a, b, offsetof(struct mh, opts)) == 0 &&
	       mh_opts_same(&a->opts, &b->opts);
}
