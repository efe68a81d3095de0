/* ha_home.c - see ha_home.h. */
#include "had/ha_home.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "had/ha_core.h"

#define ANSWER_MAX 160 /* octets of an acknowledgement with its headers */

enum kind { TEST, ANNOUNCEMENT, SEARCH };

struct ha_job {
	struct job_key {
		struct in6_addr hoa;
		uint32_t kind;
	} key;
	unsigned left; /* how often it is to be sent yet */
	mono_t due;
	union {
		struct ha_request q; /* TEST: the newest Binding Update */
		struct {
			size_t n;
			uint8_t octets[ANSWER_MAX];
		} answer; /* SEARCH: an IPv6 packet */
	};
	struct ha_job *prev, *next;
	UT_hash_handle hh;
};

struct ha_local {
	struct local_key {
		uint8_t iid[8];
		char dev[KOBJ_DEV_MAX];
	} key;
	struct in6_addr hoa;
	UT_hash_handle hh;
};

static const struct in6_addr all_nodes = { .s6_addr = { 0xff, 0x02, [15] = 1 } };

/* ---- jobs ---- */

static struct ha_line *
line_of(struct ha *h, enum kind kind)
{
	return kind == TEST	      ? &h->home.tests
	       : kind == ANNOUNCEMENT ? &h->home.announcements
				      : &h->home.searches;
}

static struct ha_job *
find_job(const struct ha *h, const struct in6_addr *hoa, enum kind kind)
{
	struct job_key key;
	struct ha_job *j;

	memset(&key, 0, sizeof(key));
	key.hoa = *hoa;
	key.kind = kind;
	HASH_FIND(hh, h->home.jobs, &key, sizeof(key), j);
	return j;
}

static void
join(struct ha_line *line, struct ha_job *j, mono_t now)
{
	j->due = mono_add_ms(now, HA_RETRANS_MS);
	j->prev = line->last;
	j->next = NULL;
	*(line->last ? &line->last->next : &line->first) = j;
	line->last = j;
	line->n++;
}

static void
leave(struct ha_line *line, struct ha_job *j)
{
	*(j->prev ? &j->prev->next : &line->first) = j->next;
	*(j->next ? &j->next->prev : &line->last) = j->prev;
	line->n--;
}

/* NULL: no memory. */
static struct ha_job *
add_job(struct ha *h, const struct in6_addr *hoa, enum kind kind, unsigned left, mono_t now)
{
	struct ha_job *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->key.hoa = *hoa;
	j->key.kind = kind;
	j->left = left;
	HASH_ADD(hh, h->home.jobs, key, sizeof(j->key), j);
	if (!j->hh.tbl) {
		free(j);
		return NULL;
	}
	join(line_of(h, kind), j, now);
	return j;
}

static void
end_job(struct ha *h, struct ha_job *j)
{
	leave(line_of(h, j->key.kind), j);
	HASH_DELETE(hh, h->home.jobs, j);
	free(j);
}

void
ha_home_done(struct ha_home *home)
{
	struct ha_local *l, *next_local;
	struct ha_job *j, *next;

	HASH_ITER (hh, home->jobs, j, next) {
		HASH_DELETE(hh, home->jobs, j);
		free(j);
	}
	HASH_ITER (hh, home->locals, l, next_local) {
		HASH_DELETE(hh, home->locals, l);
		free(l);
	}
}

/* ---- stations ---- */

int
ha_station(struct ha *h, const char *dev, const struct ha_station *at)
{
	struct ha_home *home = &h->home;
	size_t i = 0, to = HA_LINKS_MAX;

	for (; i < HA_LINKS_MAX && strcmp(home->station[i].dev, dev) != 0; i++) {
		if (home->station[i].at.index == 0)
			to = i; /* one that is not there: its name may go */
	}
	if (i < HA_LINKS_MAX)
		to = i;
	if (to == HA_LINKS_MAX)
		return -ENOSPC;
	memset(home->station[to].dev, 0, KOBJ_DEV_MAX);
	strncpy(home->station[to].dev, dev, KOBJ_DEV_MAX - 1);
	home->station[to].at = *at;
	return 0;
}

/* NULL: that link is not there, or is none of ours. */
static const struct ha_station *
station_of(const struct ha *h, const struct ha_link *l)
{
	for (size_t i = 0; l && i < HA_LINKS_MAX; i++) {
		if (strcmp(h->home.station[i].dev, l->dev) == 0)
			return h->home.station[i].at.index ? &h->home.station[i].at : NULL;
	}
	return NULL;
}

static const struct ha_link *
link_called(const struct ha *h, const char *dev)
{
	for (uint8_t i = 0; i < h->policy->links; i++) {
		if (strcmp(h->policy->link[i].dev, dev) == 0)
			return &h->policy->link[i];
	}
	return NULL;
}

static bool
is_from(const struct nd_path *path, const struct nd_mac *mac)
{
	return memcmp(&path->from, mac, sizeof(*mac)) == 0;
}

/* ---- link-local addresses (M-18) ---- */

static struct in6_addr
linklocal_of(const struct in6_addr *hoa)
{
	struct in6_addr a = { .s6_addr = { 0xfe, 0x80 } };

	memcpy(a.s6_addr + 8, hoa->s6_addr + 8, 8);
	return a;
}

static struct ha_local *
find_local(const struct ha *h, const char *dev, const struct in6_addr *a)
{
	struct local_key key;
	struct ha_local *l;

	memset(&key, 0, sizeof(key));
	memcpy(key.iid, a->s6_addr + 8, sizeof(key.iid));
	strncpy(key.dev, dev, KOBJ_DEV_MAX - 1);
	HASH_FIND(hh, h->home.locals, &key, sizeof(key), l);
	return l;
}

/* 0; -EEXIST: another home address of the link has the same; -ENOMEM. */
static int
add_local(struct ha *h, const char *dev, const struct in6_addr *hoa)
{
	struct ha_local *l = find_local(h, dev, hoa);

	if (l)
		return ip6_equal(&l->hoa, hoa) ? 0 : -EEXIST;
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	memcpy(l->key.iid, hoa->s6_addr + 8, sizeof(l->key.iid));
	strncpy(l->key.dev, dev, KOBJ_DEV_MAX - 1);
	l->hoa = *hoa;
	HASH_ADD(hh, h->home.locals, key, sizeof(l->key), l);
	if (l->hh.tbl)
		return 0;
	free(l);
	return -ENOMEM;
}

/* Whichever link it was on: the configuration may have changed. */
static void
end_local(struct ha *h, const struct in6_addr *hoa)
{
	for (size_t i = 0; i < HA_LINKS_MAX; i++) {
		struct ha_local *l = find_local(h, h->home.station[i].dev, hoa);

		if (!l || !ip6_equal(&l->hoa, hoa))
			continue;
		HASH_DELETE(hh, h->home.locals, l);
		free(l);
	}
}

/* The home address that an address on this link stands for: itself, or one with the L bit. */
static bool
home_of(
    const struct ha *h, const struct ha_link *l, const struct in6_addr *a, struct in6_addr *ret_hoa)
{
	const struct ha_local *local;

	if (!ip6_is_linklocal(a)) {
		*ret_hoa = *a;
		return ha_link_of(h->policy, a, NULL) == l;
	}
	local = find_local(h, l->dev, a);
	if (local)
		*ret_hoa = local->hoa;
	return local;
}

/* ---- what is sent ---- */

static void
send_frame(struct ha *h, const struct ha_link *l, const struct wire_writer *w)
{
	h->ops->frame(h->ctx, l->dev, w->base, w->pos);
}

/* src :: is a probe (RFC 4862 5.4.2). */
static void
solicit(struct ha *h, const struct ha_link *l, const struct in6_addr *src,
    const struct in6_addr *target)
{
	uint8_t buf[128];
	struct wire_writer w = { .base = buf, .len = sizeof(buf) };
	struct nd_path path = { .from = station_of(h, l)->mac, .src = *src };

	path.dst = nd_solicited_node(target);
	path.to = nd_group_mac(&path.dst);
	if (nd_ns_put(&w, &path, target) == 0)
		send_frame(h, l, &w);
}

/* to NULL: to all nodes, unsolicited. */
static void
advertise(struct ha *h, const struct ha_link *l, const struct nd_path *to,
    const struct in6_addr *target, uint8_t flags)
{
	const struct ha_station *at = station_of(h, l);
	uint8_t buf[128];
	struct wire_writer w = { .base = buf, .len = sizeof(buf) };
	struct nd_path path = { .from = at->mac, .src = at->source, .dst = all_nodes };

	path.to = nd_group_mac(&all_nodes);
	if (to) {
		path.to = to->from;
		path.dst = to->src;
		flags |= ND_NA_S;
	}
	if (nd_na_put(&w, &path, target, &at->mac, flags) == 0)
		send_frame(h, l, &w);
}

/* M-29, M-31, N-22. */
static void
announce(struct ha *h, const struct ha_link *l, const struct ha_reg *reg)
{
	uint8_t flags = ND_NA_O | (reg->mobile_router ? ND_NA_R : 0);
	struct in6_addr local = linklocal_of(&reg->hoa);

	advertise(h, l, NULL, &reg->hoa, flags);
	if (reg->link_local)
		advertise(h, l, NULL, &local, flags);
}

/* ---- tests ---- */

static size_t
tests_of(const struct ha *h, const struct in6_addr *coa)
{
	size_t n = 0;

	for (const struct ha_job *j = h->home.tests.first; j; j = j->next)
		n += ip6_equal(&j->q.coa, coa);
	return n;
}

/* M-17: the test goes on, and the newest is answered. */
static enum ha_reason
test_again(struct ha_job *j, const struct ha_request *q, uint16_t *ret_seq)
{
	uint16_t tested = j->q.flags & MH_BU_L;

	if (q->seq != j->q.seq && !mh_seq_newer(q->seq, j->q.seq)) {
		*ret_seq = j->q.seq;
		return HA_SEQUENCE;
	}
	j->q = *q;
	j->q.flags = (uint16_t)((q->flags & ~MH_BU_L) | tested);
	return HA_WAITING;
}

static enum ha_reason
begin_test(struct ha *h, const struct ha_link *l, const struct ha_request *q, mono_t now)
{
	struct in6_addr local = linklocal_of(&q->hoa);
	bool with_local = q->flags & MH_BU_L;
	int r = with_local ? add_local(h, l->dev, &q->hoa) : 0;
	struct ha_job *j = r == 0 ? add_job(h, &q->hoa, TEST, 0, now) : NULL;

	if (!j) {
		if (r == 0)
			end_local(h, &q->hoa);
		return r == -EEXIST ? HA_DUPLICATE : HA_MEMORY;
	}
	j->q = *q;
	solicit(h, l, &in6addr_any, &q->hoa);
	if (with_local)
		solicit(h, l, &in6addr_any, &local);
	return HA_WAITING;
}

enum ha_reason
ha_home_test(struct ha *h, const struct ha_request *q, mono_t now, uint16_t *ret_seq)
{
	const struct ha_link *l = ha_link_of(h->policy, &q->hoa, NULL);
	struct ha_job *j = find_job(h, &q->hoa, TEST);
	struct ip6_prefix host = ip6_host(&q->hoa);

	if (j)
		return test_again(j, q, ret_seq);
	if (!station_of(h, l))
		return HA_REGISTERED;
	/* A run before us tested it, and its routes are still here. */
	if (trie_longest(&h->adopted.by_dst, &host))
		return HA_REGISTERED;
	if (h->home.tests.n >= HA_TESTS_MAX || tests_of(h, &q->coa) >= HA_TESTS_OF_ONE)
		return HA_TESTS_FULL;
	return begin_test(h, l, q, now);
}

static void
end_test(struct ha *h, struct ha_job *j, enum ha_reason found, mono_t now)
{
	const struct ha_request q = j->q;

	end_job(h, j);
	ha_settle(h, &q, found, now);
	if ((q.flags & MH_BU_L) && !ha_bind_is_live(ha_cache_find(&h->cache, &q.hoa), now))
		end_local(h, &q.hoa);
}

void
ha_home_withdraw(struct ha *h, const struct ha_request *q)
{
	struct ha_job *j = find_job(h, &q->hoa, TEST);

	if (!j || !mh_seq_newer(q->seq, j->q.seq) || !ip6_equal(&q->src, &j->q.src))
		return;
	end_job(h, j);
	end_local(h, &q->hoa);
}

/* ---- bindings ---- */

void
ha_home_bound(struct ha *h, struct ha_bind *b, mono_t now)
{
	const struct ha_link *l = ha_link_of(h->policy, &b->reg.hoa, NULL);
	struct ha_job *j;

	if (b->reg.link_local && (!l || add_local(h, l->dev, &b->reg.hoa) < 0))
		b->reg.link_local = false;
	if (!station_of(h, l))
		return;
	announce(h, l, &b->reg);
	j = find_job(h, &b->reg.hoa, ANNOUNCEMENT);
	if (j)
		end_job(h, j);
	/* Without memory for it once must do. */
	(void)add_job(h, &b->reg.hoa, ANNOUNCEMENT, HA_ANNOUNCEMENTS - 1, now);
}

void
ha_home_unbound(struct ha *h, const struct ha_bind *b)
{
	if (b->reg.link_local)
		end_local(h, &b->reg.hoa);
}

/*
 * Is this one that we speak for, and as whom? Of a link-local address: what it stands for. An
 * address of a guest's behind its mobile router is no router's. What a run before us left has told
 * us no R bit.
 */
static bool
is_defended(const struct ha *h, const struct in6_addr *a, mono_t now, uint8_t *ret_flags)
{
	struct ip6_prefix host = ip6_host(a);
	const struct ha_bind *b = trie_longest(&h->cache.claims, &host);
	const struct ha_guest *g = ha_table_guest(h->table, a);

	if (ha_bind_is_live(b, now)) {
		bool router = b->reg.mobile_router && ip6_equal(a, &b->reg.hoa);

		*ret_flags = router ? ND_NA_R : 0;
		return true;
	}
	*ret_flags = g && g->n > 0 ? ND_NA_R : 0;
	return trie_longest(&h->adopted.by_dst, &host);
}

/* ---- M-28: refusals to who is at home ---- */

bool
ha_home_answer(
    struct ha *h, const struct ip6_mh_packet *p, const struct ip6_mh_out *out, mono_t now)
{
	const struct ha_link *l = ha_link_of(h->policy, &p->src, NULL);
	const struct ha_station *at = station_of(h, l);
	struct ha_job *j = find_job(h, &p->src, SEARCH);
	struct wire_writer w = { .len = ANSWER_MAX };

	if (!at || p->has_hao || p->ifindex != at->index)
		return false;
	if (!j && h->home.searches.n < HA_SEARCHES_MAX)
		j = add_job(h, &p->src, SEARCH, HA_SOLICITATIONS, now);
	if (!j)
		return false;
	w.base = j->answer.octets;
	if (ip6_mh_packet_put(&w, out) < 0) {
		end_job(h, j);
		return false;
	}
	j->answer.n = w.pos;
	if (j->left == HA_SOLICITATIONS) {
		j->left--;
		solicit(h, l, &at->source, &p->src);
	}
	return true;
}

static void
found(struct ha *h, const struct ha_link *l, struct ha_job *j, const struct nd_mac *mac)
{
	static const uint8_t ethertype[] = { 0x86, 0xdd };
	uint8_t buf[ANSWER_MAX + 14];
	struct wire_writer w = { .base = buf, .len = sizeof(buf) };

	wire_put(&w, mac, sizeof(*mac));
	wire_put(&w, &station_of(h, l)->mac, sizeof(*mac));
	wire_put(&w, ethertype, sizeof(ethertype));
	wire_put(&w, j->answer.octets, j->answer.n);
	end_job(h, j);
	send_frame(h, l, &w);
}

/* ---- frames ---- */

static void
on_solicitation(struct ha *h, const struct ha_link *l, const struct nd_path *path,
    const struct in6_addr *target, mono_t now)
{
	bool probe = ip6_is_any(&path->src);
	struct ha_job *test;
	struct in6_addr hoa;
	uint8_t flags;

	if (!home_of(h, l, target, &hoa))
		return;
	test = probe ? find_job(h, &hoa, TEST) : NULL;
	if (test) /* RFC 4862 5.4.3: another one tests it, too */
		end_test(h, test, HA_DUPLICATE, now);
	else if (is_defended(h, &hoa, now, &flags))
		advertise(h, l, probe ? NULL : path, target, flags);
}

static bool
may_defend(struct ha *h, mono_t now)
{
	if (mono_reached(now, mono_add_ms(h->home.defences_since, 1000))) {
		h->home.defences_since = now;
		h->home.defences = 0;
	}
	return h->home.defences++ < HA_DEFENCES_PER_S;
}

static void
on_advertisement(struct ha *h, const struct ha_link *l, const struct nd_path *path,
    const struct nd_na *na, mono_t now)
{
	struct ha_job *test, *search;
	struct in6_addr hoa;
	uint8_t flags;

	if (!home_of(h, l, &na->target, &hoa))
		return;
	test = find_job(h, &hoa, TEST);
	search = find_job(h, &na->target, SEARCH);
	if (search)
		found(h, l, search, na->has_mac ? &na->mac : &path->from);
	else if (test)
		end_test(h, test, HA_DUPLICATE, now);
	else if (is_defended(h, &hoa, now, &flags) && may_defend(h, now)) {
		const struct ip6_mh_packet from = {
			.src = path->src, .has_hao = true, .hao = na->target
		};

		ha_say_no(h, HA_CLAIMED, &from, NULL, HA_SILENT);
		advertise(h, l, NULL, &na->target, flags | ND_NA_O);
	}
}

void
ha_frame(struct ha *h, struct tick t, const char *dev, const uint8_t *p, size_t n)
{
	const struct ha_link *l = link_called(h, dev);
	const struct ha_station *at = station_of(h, l);
	struct in6_addr target;
	struct nd_path path;
	struct nd_na na;

	if (!at)
		return;
	ha_tick(h, t);
	if (nd_ns_get(p, n, &path, &target) == 0) {
		if (!is_from(&path, &at->mac))
			on_solicitation(h, l, &path, &target, t.now);
	} else if (nd_na_get(p, n, &path, &na) == 0) {
		if (!is_from(&path, &at->mac))
			on_advertisement(h, l, &path, &na, t.now);
	} else {
		h->counted[HA_ND_MALFORMED]++;
	}
	ha_tick(h, t); /* for what is due next */
}

/* ---- time ---- */

/* What is due at the head of a line, or NULL. */
static struct ha_job *
due(const struct ha_line *line, mono_t now)
{
	return line->first && mono_reached(now, line->first->due) ? line->first : NULL;
}

static void
go_on(struct ha *h, struct ha_job *j, mono_t now)
{
	struct ha_line *line = line_of(h, j->key.kind);

	leave(line, j);
	join(line, j, now);
}

static void
announce_again(struct ha *h, struct ha_job *j, mono_t now)
{
	const struct ha_link *l = ha_link_of(h->policy, &j->key.hoa, NULL);
	const struct ha_bind *b = ha_cache_find(&h->cache, &j->key.hoa);

	if (!station_of(h, l) || !ha_bind_is_live(b, now)) {
		end_job(h, j);
		return;
	}
	announce(h, l, &b->reg);
	if (--j->left == 0)
		end_job(h, j);
	else
		go_on(h, j, now);
}

static void
search_again(struct ha *h, struct ha_job *j, mono_t now)
{
	const struct ha_link *l = ha_link_of(h->policy, &j->key.hoa, NULL);
	const struct ha_station *at = station_of(h, l);

	if (!at || j->left == 0) {
		end_job(h, j);
		return;
	}
	solicit(h, l, &at->source, &j->key.hoa);
	j->left--;
	go_on(h, j, now);
}

void
ha_home_tick(struct ha *h, mono_t now)
{
	struct ha_job *j;

	while ((j = due(&h->home.tests, now)))
		end_test(h, j, HA_REGISTERED, now);
	while ((j = due(&h->home.announcements, now)))
		announce_again(h, j, now);
	while ((j = due(&h->home.searches, now)))
		search_again(h, j, now);
}

mono_t
ha_home_deadline(const struct ha_home *home)
{
	const struct ha_line *const lines[] = { &home->tests, &home->announcements,
		&home->searches };
	mono_t when = MONO_NEVER;

	for (size_t i = 0; i < 3; i++) {
		if (lines[i]->first)
			when = mono_min(when, lines[i]->first->due);
	}
	return when;
}
