/* ha_mpa.c - see ha_mpa.h. */
#include "had/ha_mpa.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "had/ha_hash.h"
#include "had/ha_radv.h"
#include "had/ha_random.h"

struct ha_mpa_node {
	struct in6_addr hoa, coa;
	bool asked; /* to be answered, with this identifier */
	uint16_t id;
	unsigned unheard; /* sent unasked since it last asked */
	mono_t last;	  /* sent */
	mono_t due;	  /* unasked, or again */
	UT_hash_handle hh;
};

void
ha_mpas_init(struct ha_mpas *m)
{
	*m = (struct ha_mpas){ .due = MONO_NEVER };
}

void
ha_mpas_done(struct ha_mpas *m)
{
	struct ha_mpa_node *n, *next;

	HASH_ITER (hh, m->by_hoa, n, next) {
		HASH_DELETE(hh, m->by_hoa, n);
		free(n);
	}
}

static struct ha_mpa_node *
find(const struct ha_mpas *m, const struct in6_addr *hoa)
{
	struct ha_mpa_node *n;

	HASH_FIND(hh, m->by_hoa, hoa, sizeof(*hoa), n);
	return n;
}

static bool
is_virtual(const struct ha_policy *p, const struct in6_addr *hoa)
{
	return ha_link_of(p, hoa, NULL) == NULL;
}

/* RFC 6275 10.6.2, RAND_ADV_DELAY; no longer than addresses are preferred. */
static mono_t
sometime(const struct ha_policy *p, const struct in6_addr *hoa, mono_t now, uint32_t random)
{
	const struct ha_link *l = ha_link_of(p, hoa, NULL);
	int64_t min_ms = p->prefix_min_ms, max_ms = p->prefix_max_ms;

	if (l && l->preferred_ms > min_ms && l->preferred_ms < max_ms)
		max_ms = l->preferred_ms;
	return mono_add_ms(now, min_ms + (int64_t)(random % (uint64_t)(max_ms - min_ms + 1)));
}

static mono_t
node_due(const struct ha_mpa_node *n)
{
	mono_t due = n->asked ? n->last : n->due;

	return mono_before(due, n->last) ? n->last : due;
}

static void
set_due(struct ha_mpas *m, const struct ha_mpa_node *n)
{
	m->due = mono_min(m->due, node_due(n));
}

int
ha_mpa_bound(struct ha_mpas *m, const struct ha_policy *p, const struct in6_addr *hoa,
    const struct in6_addr *coa, mono_t now, uint32_t random)
{
	struct ha_mpa_node *n = find(m, hoa);

	if (n) {
		if (n->unheard > HA_MPA_RETRIES && !ip6_equal(&n->coa, coa)) {
			n->unheard = 0; /* RFC 6275 10.6.2: begin again when it moves */
			n->due = mono_min(n->due, now);
			set_due(m, n);
		}
		n->coa = *coa;
		return 0;
	}
	n = calloc(1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	n->hoa = *hoa;
	n->coa = *coa;
	n->last = now; /* of limits: the first may go at once */
	n->due = sometime(p, hoa, now, random);
	HASH_ADD(hh, m->by_hoa, hoa, sizeof(n->hoa), n);
	if (!n->hh.tbl) {
		free(n);
		return -ENOMEM;
	}
	set_due(m, n);
	return 0;
}

void
ha_mpa_unbound(struct ha_mpas *m, const struct in6_addr *hoa)
{
	struct ha_mpa_node *n = find(m, hoa);

	if (!n)
		return;
	HASH_DELETE(hh, m->by_hoa, n);
	free(n);
}

bool
ha_mpa_solicited(struct ha_mpas *m, const struct in6_addr *hoa, uint16_t id, mono_t now)
{
	struct ha_mpa_node *n = find(m, hoa);

	(void)now;
	if (!n || (n->asked && n->id == id))
		return false;
	n->asked = true;
	n->id = id;
	set_due(m, n);
	return true;
}

void
ha_mpa_changed(struct ha_mpas *m, const struct ha_policy *p, const struct ha_link *l, mono_t now,
    uint32_t *random)
{
	for (struct ha_mpa_node *n = m->by_hoa; n; n = n->hh.next) {
		if (l ? ha_link_of(p, &n->hoa, NULL) != l : !is_virtual(p, &n->hoa))
			continue;
		n->unheard = 0; /* what it has not heard is part of the new one */
		n->due = mono_min(n->due, sometime(p, &n->hoa, now, ha_random(random)));
		set_due(m, n);
	}
}

/* Sent; when is the next, and what may not be before. */
static void
sent(struct ha_mpa_node *n, const struct ha_policy *p, mono_t now, uint32_t random)
{
	n->last = mono_add_ms(now, HA_MPA_LIMIT_MS);
	if (n->asked)
		n->unheard = 0;
	else
		n->unheard++;
	n->asked = false;
	if (n->unheard > 0 && n->unheard <= HA_MPA_RETRIES)
		n->due = mono_add_ms(now, (int64_t)HA_MPA_TIMEOUT_MS << (n->unheard - 1));
	else
		n->due = sometime(p, &n->hoa, now, random);
}

void
ha_mpas_tick(struct ha_mpas *m, const struct ha_policy *p, mono_t now, uint32_t *random,
    ha_mpa_send_fn *send, void *ctx)
{
	if (!mono_reached(now, m->due))
		return;
	m->due = MONO_NEVER;
	for (struct ha_mpa_node *n = m->by_hoa; n; n = n->hh.next) {
		if (mono_reached(now, node_due(n))) {
			if (n->unheard > HA_MPA_RETRIES && !n->asked)
				n->unheard = 0; /* the next day */
			send(ctx, &n->hoa, &n->coa, n->asked ? n->id : 0);
			sent(n, p, now, ha_random(random));
		}
		set_due(m, n);
	}
}

/* ---- what is said ---- */

/* RFC 4861 6.2.1: what prefixes live that nobody has said anything about. */
#define VALID_S (30 * 86400)
#define PREFERRED_S (7 * 86400)

void
ha_mpa_make(
    const struct ha_policy *p, const struct in6_addr *hoa, uint16_t id, struct icmp6_mpa *ret_mpa)
{
	const struct ha_link *l = ha_link_of(p, hoa, NULL);

	*ret_mpa = (struct icmp6_mpa){ .id = id };
	if (l) {
		ret_mpa->n = ha_radv_prefixes(p, l, ret_mpa->prefix);
		return;
	}
	for (uint8_t i = 0; i < p->homes; i++) {
		struct nd_prefix *o = &ret_mpa->prefix[ret_mpa->n++];

		*o = (struct nd_prefix){ p->home[i], 0, VALID_S, PREFERRED_S };
		if (ip6_prefix_has(&p->home[i], &p->address)) {
			o->flags |= ND_PREFIX_R;
			o->prefix.addr = p->address;
		}
	}
}
