/* ha_disc.c - see ha_disc.h. */
#include "had/ha_disc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "had/ha_random.h"

#define ICMP6_AT (14 + IP6_HEADER_OCTETS) /* in a frame */
#define ROUTER_SOLICITATION 133

static const struct in6_addr all_nodes = { .s6_addr = { 0xff, 0x02, [15] = 0x01 } };

struct link {
	bool there;
	struct nd_mac mac;
	struct in6_addr linklocal;
	struct ha_radv radv;
	struct ha_agents agents;
};

struct ha_disc {
	const struct ha_policy *policy; /* NULL before the first configuration */
	const struct ha_disc_ops *ops;
	void *ctx;
	uint32_t random;
	struct link link[HA_LINKS_MAX]; /* as in the policy */
	struct ha_mpas mpas;
	mono_t replies_since; /* the second in which the replies below were sent */
	unsigned replies;
	mono_t now; /* of the call in progress, for what is sent */
	uint64_t counted[HA_DISC_COUNTS];
};

static const char *const names[HA_DISC_COUNTS] = {
	[HA_DISC_ANSWERED] = "discovery-answered",
	[HA_DISC_REFUSED] = "discovery-refused",
	[HA_DISC_LIMITED] = "discovery-limited",
	[HA_DISC_ASKED] = "prefixes-asked",
	[HA_DISC_TOLD] = "prefixes-told",
	[HA_DISC_STRANGER] = "prefixes-refused",
	[HA_DISC_HEARD] = "agents-heard",
	[HA_DISC_FULL] = "agents-full",
	[HA_DISC_MALFORMED] = "agents-malformed",
	[HA_DISC_ADVERTISED] = "advertised",
};

const char *
ha_disc_count_name(enum ha_disc_count c)
{
	return names[c];
}

/* ---- where we are ---- */

bool
ha_disc_anycast(
    const struct ha_policy *p, size_t i, struct in6_addr *ret_addr, const char **ret_dev)
{
	if (!p->discovery || !p->home_agent)
		return false;
	for (uint8_t k = 0; k < p->links; k++) {
		for (uint8_t m = 0; m < p->link[k].n; m++) {
			if (!ip6_home_agents_anycast(&p->link[k].prefix[m], ret_addr) || i-- > 0)
				continue;
			*ret_dev = p->link[k].dev;
			return true;
		}
	}
	for (uint8_t m = 0; m < p->homes; m++) {
		if (!ip6_home_agents_anycast(&p->home[m], ret_addr) || i-- > 0)
			continue;
		*ret_dev = NULL;
		return true;
	}
	return false;
}

static struct ha_agent
with_address(const struct in6_addr *a, bool mobile_routers)
{
	struct ha_agent own = { .mobile_routers = mobile_routers, .until = MONO_NEVER, .n = 1 };

	own.address[0].addr = *a;
	own.address[0].until = MONO_NEVER;
	return own;
}

bool
ha_disc_own(const struct ha_policy *p, const struct ha_link *l, size_t i, struct ha_agent *ret_own)
{
	struct nd_prefix v[HA_LINK_PREFIXES_MAX];
	uint8_t n;

	if (!l) {
		if (i >= (p->agents ? p->agents : 1u))
			return false;
		*ret_own = with_address(p->agents ? &p->agent[i] : &p->address, p->mobile_routers);
		ret_own->preference = (uint16_t)(p->agents ? p->agents - i : 0);
		return true;
	}
	*ret_own = with_address(&p->address, p->mobile_routers);
	ret_own->preference = (uint16_t)l->preference;
	n = ha_radv_prefixes(p, l, v);
	for (uint8_t k = 0, found = 0; k < n; k++) {
		if (!(v[k].flags & ND_PREFIX_R))
			continue;
		ret_own->address[found].addr = v[k].prefix.addr;
		ret_own->address[found].until = MONO_NEVER;
		ret_own->n = ++found;
	}
	return i == 0;
}

/* ---- home agents are asked for ---- */

/* The list of what is on no wire: the configured one, each more preferred than the next. */
static void
reply_virtual(struct ha_disc *d, const struct icmp6_dhaad *request, struct icmp6_dhaad *ret_reply)
{
	struct ha_agents l = { 0 };
	struct ha_agent first;

	(void)ha_disc_own(d->policy, NULL, 0, &first);
	for (size_t i = 1; i < HA_AGENTS_MAX && ha_disc_own(d->policy, NULL, i, &l.v[l.n]); i++)
		l.n++;
	ha_agents_reply(&l, &first, request, &d->random, ret_reply);
}

static void
reply(struct ha_disc *d, const char *dev, const struct icmp6_dhaad *request,
    struct icmp6_dhaad *ret_reply)
{
	for (uint8_t i = 0; dev && i < d->policy->links; i++) {
		struct ha_agent own;

		if (strcmp(d->policy->link[i].dev, dev) != 0)
			continue;
		ha_agents_tick(&d->link[i].agents, d->now);
		(void)ha_disc_own(d->policy, &d->policy->link[i], 0, &own);
		ha_agents_reply(&d->link[i].agents, &own, request, &d->random, ret_reply);
		return;
	}
	reply_virtual(d, request, ret_reply);
}

static bool
may_reply(struct ha_disc *d)
{
	if (mono_reached(d->now, mono_add_ms(d->replies_since, 1000))) {
		d->replies_since = d->now;
		d->replies = 0;
	}
	return d->replies++ < HA_DISC_REPLIES_PER_S;
}

/* Which link's anycast address is that? False: none of ours. */
static bool
is_anycast(const struct ha_disc *d, const struct in6_addr *dst, const char **ret_dev)
{
	struct in6_addr a;

	for (size_t i = 0; ha_disc_anycast(d->policy, i, &a, ret_dev); i++) {
		if (ip6_equal(&a, dst))
			return true;
	}
	return false;
}

static void
receive_request(struct ha_disc *d, const struct ip6_mh_packet *p, struct wire_reader *r)
{
	uint8_t buf[IP6_MIN_MTU];
	struct wire_writer w = { .base = buf, .len = sizeof(buf) };
	struct ip6_icmp6_out out = { .src = d->policy->address, .dst = p->src, .icmp6 = buf };
	struct icmp6_dhaad request, answer;
	const char *dev;

	if (icmp6_dhaad_get(r, &request) < 0 || request.reply ||
	    !ip6_is_unicast_routable(&p->src) || p->has_hao || p->has_rh2 ||
	    !is_anycast(d, &p->dst, &dev)) {
		d->counted[HA_DISC_REFUSED]++;
		return;
	}
	if (!may_reply(d)) {
		d->counted[HA_DISC_LIMITED]++;
		return;
	}
	reply(d, dev, &request, &answer);
	if (icmp6_dhaad_put(&w, &answer, &out.src, &out.dst) < 0)
		return;
	out.icmp6_len = w.pos;
	d->counted[HA_DISC_ANSWERED]++;
	d->ops->icmp6(d->ctx, &out);
}

/* ---- prefixes are asked for ---- */

static void
advertise_to(void *ctx, const struct in6_addr *hoa, const struct in6_addr *coa, uint16_t id)
{
	struct ha_disc *d = ctx;
	uint8_t buf[IP6_MIN_MTU];
	struct wire_writer w = { .base = buf, .len = sizeof(buf) };
	struct ip6_icmp6_out out = {
		.src = d->policy->address, .dst = *coa, .with_rh2 = true, .home = *hoa, .icmp6 = buf
	};
	struct icmp6_mpa m;

	ha_mpa_make(d->policy, hoa, id, &m);
	if (m.n == 0 || icmp6_mpa_put(&w, &m, &out.src, hoa) < 0)
		return; /* RFC 6275 6.8: one or more prefixes */
	out.icmp6_len = w.pos;
	d->counted[HA_DISC_TOLD]++;
	d->ops->icmp6(d->ctx, &out);
}

static void
tick_prefixes(struct ha_disc *d)
{
	ha_mpas_tick(&d->mpas, d->policy, d->now, &d->random, advertise_to, d);
}

static void
receive_solicitation(struct ha_disc *d, const struct ip6_mh_packet *p, struct wire_reader *r)
{
	struct icmp6_mps m;

	if (!d->policy->prefix_discovery || icmp6_mps_get(r, &m) < 0 || !p->has_hao || p->has_rh2 ||
	    !ip6_equal(&p->dst, &d->policy->address) ||
	    !ha_mpa_solicited(&d->mpas, &p->hao, m.id, d->now)) {
		d->counted[HA_DISC_STRANGER]++;
		return;
	}
	d->counted[HA_DISC_ASKED]++;
	tick_prefixes(d);
}

void
ha_disc_receive(struct ha_disc *d, const struct ip6_mh_packet *p, mono_t now)
{
	struct wire_reader r = { .base = p->icmp6, .len = p->icmp6_len };

	d->now = now;
	if (p->icmp6_len > 0 && p->icmp6[0] == ICMP6_DHAAD_REQUEST)
		receive_request(d, p, &r);
	else if (p->icmp6_len > 0 && p->icmp6[0] == ICMP6_MPS)
		receive_solicitation(d, p, &r);
	/* Replies and advertisements are for mobile nodes. */
}

void
ha_disc_bound(struct ha_disc *d, const struct in6_addr *hoa, const struct in6_addr *coa, mono_t now)
{
	if (d->policy->prefix_discovery)
		(void)ha_mpa_bound(
		    &d->mpas, d->policy, hoa, coa, now, ha_random(&d->random)); /* or untold */
}

void
ha_disc_unbound(struct ha_disc *d, const struct in6_addr *hoa)
{
	ha_mpa_unbound(&d->mpas, hoa);
}

/* ---- on the links ---- */

static void
send_advertisement(struct ha_disc *d, uint8_t i, bool last)
{
	const struct ha_link *l = &d->policy->link[i];
	const struct nd_path path = {
		.from = d->link[i].mac,
		.to = { { 0x33, 0x33, 0, 0, 0, 1 } },
		.src = d->link[i].linklocal,
		.dst = all_nodes,
	};
	uint8_t frame[ND_FRAME_MAX];
	struct wire_writer w = { .base = frame, .len = sizeof(frame) };
	struct nd_ra ra;

	ha_radv_make(d->policy, l, last, &ra);
	if (nd_ra_put(&w, &path, &ra) < 0)
		return;
	d->counted[HA_DISC_ADVERTISED]++;
	d->ops->frame(d->ctx, l->dev, frame, w.pos);
}

static struct link *
find_link(struct ha_disc *d, const char *dev, const struct ha_link **ret_link)
{
	for (uint8_t i = 0; i < d->policy->links; i++) {
		*ret_link = &d->policy->link[i];
		if (strcmp((*ret_link)->dev, dev) == 0)
			return &d->link[i];
	}
	return NULL;
}

void
ha_disc_station(struct ha_disc *d, const char *dev, const struct nd_mac *mac,
    const struct in6_addr *linklocal, mono_t now)
{
	const struct ha_link *conf;
	struct link *l = find_link(d, dev, &conf);
	bool was_there;

	if (!l)
		return;
	was_there = l->there;
	l->there = linklocal != NULL;
	if (l->there) {
		l->mac = *mac;
		l->linklocal = *linklocal;
	}
	if (!l->there || !conf->advertise)
		ha_radv_stop(&l->radv);
	else if (!was_there)
		ha_radv_start(&l->radv, now);
}

void
ha_disc_frame(struct ha_disc *d, const char *dev, const uint8_t *p, size_t n, mono_t now)
{
	const struct ha_link *conf;
	struct link *l = find_link(d, dev, &conf);
	struct nd_path path;
	struct in6_addr src;
	struct nd_mac from;
	struct nd_ra ra;

	if (!l)
		return;
	if (n > ICMP6_AT && p[ICMP6_AT] == ROUTER_SOLICITATION) {
		if (nd_rs_get(p, n, &from, &src) < 0)
			d->counted[HA_DISC_MALFORMED]++;
		else
			ha_radv_solicited(&l->radv, conf, now, ha_random(&d->random));
		return;
	}
	if (nd_ra_get(p, n, &path, &ra) < 0) {
		d->counted[HA_DISC_MALFORMED]++;
		return;
	}
	if (l->there && ip6_equal(&path.src, &l->linklocal))
		return; /* somebody says that he is us: we know better */
	if (ra.flags & ND_RA_H)
		d->counted[HA_DISC_HEARD]++;
	if (ha_agents_hear(&l->agents, &path.src, &ra, now) == HA_AGENTS_FULL)
		d->counted[HA_DISC_FULL]++;
}

/* ---- time ---- */

void
ha_disc_tick(struct ha_disc *d, mono_t now)
{
	d->now = now;
	for (uint8_t i = 0; i < d->policy->links; i++) {
		struct link *l = &d->link[i];

		ha_agents_tick(&l->agents, now);
		if (ha_radv_tick(&l->radv, &d->policy->link[i], now, ha_random(&d->random)))
			send_advertisement(d, i, false);
	}
	tick_prefixes(d);
}

mono_t
ha_disc_deadline(const struct ha_disc *d)
{
	mono_t due = d->mpas.due;

	for (uint8_t i = 0; i < d->policy->links; i++)
		due =
		    mono_min(due, mono_min(d->link[i].radv.due, ha_agents_due(&d->link[i].agents)));
	return due;
}

void
ha_disc_stop(struct ha_disc *d)
{
	for (uint8_t i = 0; i < d->policy->links; i++) {
		if (d->link[i].radv.due.ms != INT64_MAX)
			send_advertisement(d, i, true);
		ha_radv_stop(&d->link[i].radv);
	}
}

/* ---- configuration ---- */

/* Do mobile nodes have to know? */
static bool
same_prefixes(const struct ha_link *a, const struct ha_link *b)
{
	return a->n == b->n && a->deprecated_n == b->deprecated_n && a->valid_ms == b->valid_ms &&
	       a->preferred_ms == b->preferred_ms &&
	       memcmp(a->prefix, b->prefix, a->n * sizeof(a->prefix[0])) == 0 &&
	       memcmp(a->deprecated, b->deprecated, a->deprecated_n * sizeof(a->deprecated[0])) ==
		   0;
}

static const struct ha_link *
link_named(const struct ha_policy *p, const char *dev)
{
	for (uint8_t i = 0; p && i < p->links; i++) {
		if (strcmp(p->link[i].dev, dev) == 0)
			return &p->link[i];
	}
	return NULL;
}

static void
configure_link(struct ha_disc *d, const struct ha_link *was, uint8_t i, mono_t now)
{
	const struct ha_link *is = &d->policy->link[i];
	struct link *l = &d->link[i];

	if (!l->there || !is->advertise)
		ha_radv_stop(&l->radv);
	else
		ha_radv_start(&l->radv, now); /* RFC 4861 6.2.4: changes are told at once */
	if (was && !same_prefixes(was, is))
		ha_mpa_changed(&d->mpas, d->policy, is, now, &d->random);
}

void
ha_disc_configure(struct ha_disc *d, const struct ha_policy *policy, mono_t now)
{
	const struct ha_policy *last = d->policy;
	struct link *links = calloc(HA_LINKS_MAX, sizeof(*links));

	d->policy = policy;
	for (uint8_t i = 0; links && i < policy->links; i++) {
		const struct ha_link *was = link_named(last, policy->link[i].dev);

		ha_radv_stop(&links[i].radv);
		if (was)
			links[i] = d->link[was - last->link];
	}
	for (uint8_t i = 0; !links && i < HA_LINKS_MAX; i++)
		d->link[i] = (struct link){ .radv.due = MONO_NEVER }; /* short of memory: anew */
	if (links)
		memcpy(d->link, links, sizeof(d->link));
	free(links);
	for (uint8_t i = 0; i < policy->links; i++)
		configure_link(d, link_named(last, policy->link[i].dev), i, now);
	if (last && (last->homes != policy->homes ||
			memcmp(last->home, policy->home, policy->homes * sizeof(policy->home[0]))))
		ha_mpa_changed(&d->mpas, policy, NULL, now, &d->random);
	if (!policy->prefix_discovery) {
		ha_mpas_done(&d->mpas);
		ha_mpas_init(&d->mpas);
	}
}

/* ---- made, unmade, looked at ---- */

struct ha_disc *
ha_disc_new(const struct ha_disc_ops *ops, void *ctx, uint32_t seed)
{
	struct ha_disc *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->ops = ops;
	d->ctx = ctx;
	d->random = seed ? seed : 1;
	d->replies_since = (mono_t){ INT64_MIN / 2 };
	ha_mpas_init(&d->mpas);
	return d;
}

void
ha_disc_free(struct ha_disc *d)
{
	if (!d)
		return;
	ha_mpas_done(&d->mpas);
	free(d);
}

const struct ha_agents *
ha_disc_agents(const struct ha_disc *d, size_t i)
{
	assert(i < d->policy->links);
	return &d->link[i].agents;
}

uint64_t
ha_disc_counted(const struct ha_disc *d, enum ha_disc_count c)
{
	assert(c < HA_DISC_COUNTS);
	return d->counted[c];
}
