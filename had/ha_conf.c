/* ha_conf.c - see ha_conf.h. */
#include "had/ha_conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/base.h"
#include "common/base/kobj.h"
#include "common/base/text.h"
#include "had/ha_radv.h"

/* ---- the rows ---- */

/* As enum kern_datapath and enum ha_on_stop count them. */
static const char *const datapaths[] = { "auto", "kernel", "portable", NULL };
static const char *const on_stops[] = { "keep", "remove", NULL };

/* clang-format off */
#define TOP(m)	  offsetof(struct ha_conf, m)
#define POLICY(m) offsetof(struct ha_conf, policy.m)
#define GUEST(m)  offsetof(struct ha_guest, m)
#define RANGE(m)  offsetof(struct ha_range, m)
#define LINK(m)	  offsetof(struct ha_link, m)

static const struct conf_key top_keys[] = {
	{ "address", CONF_ADDR, POLICY(address), .required = true,
	  .doc = "The home agent's own address: hosts send Binding Updates to it and tunnels end "
		 "at it. It must be on this machine." },
	{ "home-agent", CONF_BOOL, POLICY(home_agent), .def = "yes",
	  .doc = "Act as a home agent. If not, registrations are answered with status 131 "
		 "(RFC 6275 10.3.1)." },
	{ "mobile-routers", CONF_BOOL, POLICY(mobile_routers), .def = "yes",
	  .doc = "Serve mobile routers. If not, their registrations are answered with status 140 "
		 "(RFC 3963 6.6)." },
	{ "lifetime-max", CONF_MS, POLICY(lifetime_max_ms), .min = 4000, .max = 262140000,
	  .def = "240s",
	  .doc = "The longest lifetime that is granted, rounded down to a multiple of 4 s. Above "
		 "240 s, hosts whose clocks are the source of their sequence numbers may find that "
		 "a guest's newer number counts as older (RFC 6275 10.3.1)." },
	{ "refresh-advice", CONF_MS, POLICY(refresh_ms), .min = 0, .max = 262140000, .def = "0",
	  .doc = "Advise hosts to refresh a binding this long after it was made, if that is less "
		 "than its lifetime; 0 gives no advice (RFC 6275 6.2.4)." },
	{ "grace", CONF_MS, POLICY(grace_ms), .min = 0, .max = 60000, .def = "2s",
	  .doc = "How long after a guest has moved its packets are still taken from the host it "
		 "left; 0 is the letter of RFC 3963 9, and loses what is still on the way." },
	{ "bindings-max", CONF_U32, POLICY(bindings_max), .min = 1, .max = 1000000, .def = "10000",
	  .doc = "The most bindings there may be, those de-registered in the last 10 s included. "
		 "More are refused with status 130; none is thrown out to make room." },
	{ "takeover", CONF_BOOL, POLICY(takeover), .def = "no",
	  .doc = "If two home addresses may have the same prefix, the newer registration takes it "
		 "and the older binding ends. If not, the newer one is refused with status 142." },
	{ "nested", CONF_BOOL, POLICY(nested), .def = "no",
	  .doc = "Let the prefix of one home address lie within that of another. If not, such a "
		 "registration is refused with status 141." },
	{ "table", CONF_U32, POLICY(table), .min = 1, .max = INT32_MAX, .def = "254",
	  .doc = "The routing table for guests' prefixes; 254 is the main one." },
	{ "home-prefix", CONF_PREFIXES, POLICY(home), POLICY(homes), .max = HA_LINK_PREFIXES_MAX,
	  .doc = "The home prefixes that are on no wire: home agents are asked for at their "
		 "anycast addresses (RFC 2526), and mobile routers are told of them if their home "
		 "address lies in no home-link. If left out, and no home-link has the address: "
		 "the /64 that the address lies in." },
	{ "agents", CONF_ADDRS, POLICY(agent), POLICY(agents), .max = HA_POLICY_AGENTS_MAX,
	  .doc = "The home agents of these prefixes, the most preferred first, as they are told "
		 "to who asks; all serve mobile routers if this one does. If left out: this one." },
	{ "discovery", CONF_BOOL, POLICY(discovery), .def = "yes",
	  .doc = "Answer who asks for home agents (RFC 6275 10.5)." },
	{ "prefix-discovery", CONF_BOOL, POLICY(prefix_discovery), .def = "yes",
	  .doc = "Tell mobile routers which prefixes are at home: when they ask, when the prefixes "
		 "change, and from time to time (RFC 6275 10.6)." },
	{ "prefix-interval-min", CONF_MS, POLICY(prefix_min_ms), .min = 1000, .max = 604800000,
	  .def = "10m",
	  .doc = "How long after a registration, or after a change of the prefixes, they are told "
		 "unasked at the earliest (RFC 6275 13, MinMobPfxAdvInterval)." },
	{ "prefix-interval-max", CONF_MS, POLICY(prefix_max_ms), .min = 1000, .max = 604800000,
	  .def = "1d",
	  .doc = "And at the latest (MaxMobPfxAdvInterval); in between it is left to chance." },
	{ "forwarding", CONF_BOOL, TOP(forwarding), .def = "yes",
	  .doc = "Turn IPv6 forwarding on at the start. Linux then ignores router advertisements "
		 "on links whose accept_ra is not 2." },
	{ "datapath", CONF_CHOICE, TOP(datapath), .choices = datapaths, .def = "auto",
	  .doc = "How packets are tunnelled: by the kernel or by this daemon (portable); auto picks "
		 "what works, and the log says which and why." },
	{ "traffic-class", CONF_U32, TOP(traffic_class), .min = 0, .max = 252, .def = "0",
	  .doc = "Traffic class of tunnel packets, a multiple of 4: the two low bits are for "
		 "congestion notification and are made for each packet (RFC 2473 6.4, RFC 6040)." },
	{ "hop-limit", CONF_U32, TOP(hop_limit), .min = 1, .max = 255, .def = "64",
	  .doc = "Hop limit of tunnel packets (RFC 2473 6.3)." },
	{ "on-stop", CONF_CHOICE, TOP(on_stop), .choices = on_stops, .def = "keep",
	  .doc = "What happens to routes and settings on a clean stop: keep leaves them (tunnels of "
		 "the portable datapath go with the daemon, and the routes over them), remove puts "
		 "everything back as it was found." },
	{ "control", CONF_STRING, TOP(control), .max = HA_PATH_MAX,
	  .def = RUNSTATEDIR "/had/had.ctl",
	  .doc = "The control socket." },
	{ "control-group", CONF_STRING, TOP(control_group), .max = HA_TEXT_MAX, .def = "",
	  .doc = "The group that may read through the control socket; empty is the daemon's own." },
	{ "log-debug", CONF_STRING, TOP(log_debug), .max = HA_TEXT_MAX, .def = "",
	  .doc = "Modules whose debug lines are logged, separated by commas: bind, ctl, had, kern, or "
		 "all." },
};

static const struct conf_key guest_keys[] = {
	{ "home-address", CONF_ADDR, GUEST(hoa),
	  .doc = "Its home address. If left out: the first address of its first prefix after the "
		 "subnet-router anycast address, as on the hosts." },
	{ "prefix", CONF_PREFIXES, GUEST(prefix), GUEST(n), .max = MH_PREFIX_MAX,
	  .doc = "The prefixes it may register, and has if it registers without any (implicit mode, "
		 "RFC 3963 5.2). None makes it a mobile node that is no router." },
};

static const struct conf_key range_keys[] = {
	{ "home-prefix", CONF_PREFIXES, RANGE(home), RANGE(homes), .max = HA_RANGE_MAX,
	  .doc = "Where home addresses of this range lie. If left out: where its prefixes do." },
	{ "prefix", CONF_PREFIXES, RANGE(prefix), RANGE(prefixes), .max = HA_RANGE_MAX,
	  .required = true,
	  .doc = "Where the prefixes lie that they may bring." },
	{ "shortest", CONF_U32, RANGE(shortest), .min = 1, .max = 128, .def = "56",
	  .doc = "The least length, in bits, of a prefix brought." },
	{ "longest", CONF_U32, RANGE(longest), .min = 1, .max = 128, .def = "128",
	  .doc = "The greatest." },
};

static const struct conf_key link_keys[] = {
	{ "prefix", CONF_PREFIXES, LINK(prefix), LINK(n), .max = HA_LINK_PREFIXES_MAX,
	  .required = true,
	  .doc = "The prefixes that are on this link. Home addresses in them are tested for "
		 "duplicates before they are registered and are answered for on the link while "
		 "they are (RFC 6275 10.3.1, 10.4.1). A shorter one that guests' prefixes lie in "
		 "is the aggregated home network of RFC 4887 6.4: they are answered for, too." },
	{ "valid", CONF_MS, LINK(valid_ms), .min = 4000, .max = 4294967000000, .def = "30d",
	  .doc = "The valid lifetime of these prefixes, which does not run down; no longer "
		 "binding is granted in them." },
	{ "preferred", CONF_MS, LINK(preferred_ms), .min = 0, .max = 4294967000000, .def = "7d",
	  .doc = "The preferred lifetime, at most the valid one. A binding that is granted for "
		 "longer is acknowledged with status 1 (RFC 6275 10.3.1)." },
	{ "deprecated", CONF_PREFIXES, LINK(deprecated), LINK(deprecated_n),
	  .max = HA_LINK_PREFIXES_MAX,
	  .doc = "Those of the prefixes that are on their way out: their preferred lifetime is 0." },
	{ "address", CONF_ADDRS, LINK(own), LINK(own_n), .max = HA_LINK_PREFIXES_MAX,
	  .doc = "Addresses of this home agent on the link, one in each prefix, beside its own: "
		 "they are advertised with the prefix (RFC 6275 7.2) and told to who asks for "
		 "home agents." },
	{ "advertise", CONF_BOOL, LINK(advertise), .def = "no",
	  .doc = "Send Router Advertisements there: the prefixes, and that this is a home agent "
		 "(RFC 6275 7). If another program of this machine does that, it has to say so." },
	{ "preference", CONF_U32, LINK(preference), .min = 0, .max = 65535, .def = "0",
	  .doc = "How much this home agent is preferred to others of the link; more is better." },
	{ "agent-lifetime", CONF_MS, LINK(agent_lifetime_ms), .min = 0, .max = 65535000,
	  .def = "0",
	  .doc = "How long this home agent is good for after an advertisement, in seconds; 0 is as "
		 "long as it is as a router: three times interval-max." },
	{ "interval-min", CONF_MS, LINK(interval_min_ms), .min = 30, .max = 1350000,
	  .def = "200s",
	  .doc = "The least time between advertisements (RFC 4861 6.2.1; RFC 6275 7.5)." },
	{ "interval-max", CONF_MS, LINK(interval_max_ms), .min = 70, .max = 1800000,
	  .def = "600s",
	  .doc = "And the longest." },
};
/* clang-format on */

/* ---- where sections stood: overlaps are found when all are read ---- */

struct ha_place {
	struct conf_where section;
	int home_line, prefix_line;
	bool good; /* nothing wrong with it alone */
};

/* One more place, for the i-th guest. */
static struct ha_place *
add_place(struct ha_conf *c, const struct conf_where *where)
{
	struct ha_place *v = c->places;

	if ((c->n_places & (c->n_places - 1)) == 0) {
		v = realloc(v, (c->n_places ? 2 * c->n_places : 1) * sizeof(*v));
		if (!v)
			return NULL;
		c->places = v;
	}
	v[c->n_places] = (struct ha_place){ .section = *where };
	return &v[c->n_places++];
}

static struct conf_where
line_of(const struct ha_place *place, bool home)
{
	return (struct conf_where){ .file = place->section.file,
		.line = home ? place->home_line : place->prefix_line };
}

/* ---- sections ---- */

static void *
begin_top(void *ctx, const char *title, const struct conf_where *where)
{
	(void)title;
	(void)where;
	return ctx;
}

static void *
no_memory(const struct conf_where *where)
{
	conf_error(where, NULL, "no memory");
	return NULL;
}

static bool
is_a_name(const char *title, const struct conf_where *where)
{
	if (title[0] && strlen(title) <= HA_NAME_MAX)
		return true;
	conf_error(where, title, "a name has 1 to %d octets", HA_NAME_MAX);
	return false;
}

static void *
begin_guest(void *ctx, const char *title, const struct conf_where *where)
{
	struct ha_conf *c = ctx;
	struct ha_guest *g;

	if (!is_a_name(title, where))
		return NULL;
	g = add_place(c, where) ? ha_table_add_guest(&c->table, title) : NULL;
	return g ? g : no_memory(where);
}

static void *
begin_range(void *ctx, const char *title, const struct conf_where *where)
{
	struct ha_conf *c = ctx;
	struct ha_range *r;

	if (!is_a_name(title, where))
		return NULL;
	r = ha_table_add_range(&c->table, title);
	return r ? r : no_memory(where);
}

static void *
begin_link(void *ctx, const char *title, const struct conf_where *where)
{
	struct ha_policy *p = &((struct ha_conf *)ctx)->policy;
	struct ha_link *l = &p->link[p->links];

	if (!title[0] || strlen(title) >= KOBJ_DEV_MAX || strpbrk(title, "/ \t\"\\")) {
		conf_error(where, title, "not the name of an interface");
		return NULL;
	}
	if (p->links == HA_LINKS_MAX) {
		conf_error(where, title, "there are at most %d home links", HA_LINKS_MAX);
		return NULL;
	}
	p->links++;
	memset(l, 0, sizeof(*l));
	strncpy(l->dev, title, sizeof(l->dev) - 1);
	return l;
}

/* Each is a prefix a mobile network may have, and none overlaps another of the list. */
static int
check_prefixes(
    const struct conf_where *where, const char *key, const struct ip6_prefix *v, uint8_t n)
{
	struct conf_where at = { .file = where->file, .line = conf_line_of(where, key) };
	char a[TEXT_PREFIX_MAX], b[TEXT_PREFIX_MAX];

	for (uint8_t i = 0; i < n; i++) {
		if (!ip6_prefix_is_usable(&v[i]))
			return conf_error(&at, key,
			    "%s cannot be served: it has addresses "
			    "that are no unicast ones",
			    text_prefix(&v[i], a));
		for (uint8_t k = 0; k < i; k++) {
			if (ip6_prefix_overlaps(&v[i], &v[k]))
				return conf_error(&at, key, "%s and %s overlap",
				    text_prefix(&v[k], a), text_prefix(&v[i], b));
		}
	}
	return 0;
}

static int
end_guest(void *ctx, void *section, const struct conf_where *where)
{
	struct ha_conf *c = ctx;
	struct ha_guest *g = section;
	struct ha_place *place = &c->places[c->n_places - 1];
	struct conf_where at = *where;
	char text[TEXT_PREFIX_MAX];

	place->home_line = at.line = conf_line_of(where, "home-address");
	place->prefix_line = conf_line_of(where, "prefix");
	if (check_prefixes(where, "prefix", g->prefix, g->n) < 0)
		return -EINVAL;
	if (ip6_is_any(&g->hoa) && g->n == 0)
		return conf_error(
		    where, NULL, "guest \"%s\" needs a home-address or a prefix", g->name);
	if (ip6_is_any(&g->hoa) && !ip6_prefix_first_host(&g->prefix[0], &g->hoa))
		return conf_error(where, "home-address", "is missing: %s is too long to hold one",
		    text_prefix(&g->prefix[0], text));
	if (!ip6_is_unicast_routable(&g->hoa))
		return conf_error(&at, "home-address", "not a unicast routable address");
	place->good = true;
	return 0;
}

static int
end_range(void *ctx, void *section, const struct conf_where *where)
{
	struct ha_range *r = section;
	struct conf_where at = { .file = where->file, .line = conf_line_of(where, "longest") };

	(void)ctx;
	if (r->longest < r->shortest)
		return conf_error(
		    &at, "longest", "%u is less than shortest, %u", r->longest, r->shortest);
	if (r->homes == 0) {
		memcpy(r->home, r->prefix, sizeof(r->home));
		r->homes = r->prefixes;
	}
	if (check_prefixes(where, "prefix", r->prefix, r->prefixes) < 0)
		return -EINVAL;
	return check_prefixes(where, "home-prefix", r->home, r->homes);
}

/* Is p one of the prefixes of l? */
static bool
link_has(const struct ha_link *l, const struct ip6_prefix *p)
{
	for (uint8_t i = 0; i < l->n; i++) {
		if (ip6_prefix_equal(&l->prefix[i], p))
			return true;
	}
	return false;
}

static int
end_link(void *ctx, void *section, const struct conf_where *where)
{
	const struct ha_policy *policy = &((struct ha_conf *)ctx)->policy;
	const struct ha_link *l = section;
	struct conf_where at = { .file = where->file, .line = conf_line_of(where, "preferred") };
	char text[TEXT_PREFIX_MAX];

	if (l->preferred_ms > l->valid_ms)
		return conf_error(&at, "preferred", "is longer than valid");
	at.line = conf_line_of(where, "interval-max");
	if (l->interval_max_ms < l->interval_min_ms)
		return conf_error(&at, "interval-max", "is less than interval-min");
	if (check_prefixes(where, "prefix", l->prefix, l->n) < 0)
		return -EINVAL;
	at.line = conf_line_of(where, "deprecated");
	for (uint8_t i = 0; i < l->deprecated_n; i++) {
		if (!link_has(l, &l->deprecated[i]))
			return conf_error(&at, "deprecated", "%s is not among the prefixes",
			    text_prefix(&l->deprecated[i], text));
	}
	at.line = conf_line_of(where, "prefix");
	for (uint8_t i = 0; i < l->n; i++) {
		for (const struct ha_link *o = policy->link; o < l; o++) {
			for (uint8_t k = 0; k < o->n; k++) {
				if (ip6_prefix_overlaps(&l->prefix[i], &o->prefix[k]))
					return conf_error(&at, "prefix",
					    "%s overlaps what home link \"%s\" has",
					    text_prefix(&l->prefix[i], text), o->dev);
			}
		}
	}
	return 0;
}

static int
index_guest(struct ha_conf *c, size_t i)
{
	struct ha_guest *g = c->table.guest[i];
	const struct ha_guest *other;
	struct ip6_prefix p, home = ip6_host(&g->hoa);
	struct conf_where at;
	char text[TEXT_PREFIX_MAX];
	bool is_home;
	int r;

	for (uint8_t k = 0; k < g->n; k++) {
		at = line_of(&c->places[i], false);
		if (ip6_prefix_has(&g->prefix[k], &c->policy.address))
			return conf_error(&at, "prefix",
			    "%s has the home agent's own address in it",
			    text_prefix(&g->prefix[k], text));
		if (ha_link_within(&c->policy, &g->prefix[k]))
			return conf_error(&at, "prefix", "%s has a whole home link in it",
			    text_prefix(&g->prefix[k], text));
	}
	r = ha_table_index(&c->table, g, c->policy.takeover, c->policy.nested, &other, &p);
	if (r == 0)
		return 0;
	if (r == -ENOMEM)
		return conf_error(&c->places[i].section, NULL, "no memory");
	is_home = ip6_prefix_equal(&p, &home);
	at = line_of(&c->places[i], is_home);
	if (is_home)
		return conf_error(&at, "home-address",
		    "%s is guest \"%s\"'s, or lies in a prefix of it", text_addr(&g->hoa, text),
		    other->name);
	return conf_error(
	    &at, "prefix", "%s overlaps what guest \"%s\" has", text_prefix(&p, text), other->name);
}

/* The addresses that others are told are good ones, and each link has one that is ours. */
static int
check_discovery(struct ha_conf *c, const struct conf_where *where)
{
	struct ha_policy *p = &c->policy;
	struct conf_where at = { where->file, conf_line_of(where, "agents") };
	struct nd_prefix v[HA_LINK_PREFIXES_MAX];
	char text[TEXT_ADDR_MAX];

	for (uint8_t i = 0; i < p->agents; i++) {
		if (!ip6_is_unicast_routable(&p->agent[i]))
			return conf_error(&at, "agents", "%s is not a unicast routable address",
			    text_addr(&p->agent[i], text));
	}
	at.line = conf_line_of(where, "prefix-interval-max");
	if (p->prefix_max_ms < p->prefix_min_ms)
		return conf_error(&at, "prefix-interval-max", "is less than prefix-interval-min");
	if (check_prefixes(where, "home-prefix", p->home, p->homes) < 0)
		return -EINVAL;
	for (uint8_t i = 0; i < p->links; i++) {
		bool has_own = false;

		for (uint8_t k = ha_radv_prefixes(p, &p->link[i], v); k-- > 0;)
			has_own = has_own || v[k].flags & ND_PREFIX_R;
		if (p->link[i].advertise && !has_own)
			return conf_error(where, "advertise",
			    "home link \"%s\" needs an address in one of its prefixes",
			    p->link[i].dev);
	}
	if (p->homes == 0 && !ha_link_of(p, &p->address, NULL)) {
		p->home[0] = (struct ip6_prefix){ .addr = p->address, .len = 64 };
		memset(p->home[0].addr.s6_addr + 8, 0, 8);
		p->homes = 1;
	}
	return 0;
}

/* Last of all: policy and every section are in. */
static int
end_top(void *ctx, void *section, const struct conf_where *where)
{
	struct ha_conf *c = ctx;
	struct conf_where at = *where;
	int r = 0;

	(void)section;
	if (!ip6_is_unicast_routable(&c->policy.address)) {
		at.line = conf_line_of(where, "address");
		r = conf_error(&at, "address", "not a unicast routable address");
	}
	if (c->traffic_class & 3) {
		at.line = conf_line_of(where, "traffic-class");
		r = conf_error(&at, "traffic-class", "%u is not a multiple of 4", c->traffic_class);
	}
	for (size_t i = 0; i < c->table.guests; i++) {
		if (c->places[i].good && index_guest(c, i) < 0)
			r = -EINVAL;
	}
	return check_discovery(c, where) < 0 ? -EINVAL : r;
}

/* ---- walking what there is, for the normal form ---- */

static const void *
get_top(const void *ctx, size_t i, const char **ret_title)
{
	(void)ret_title;
	return i == 0 ? ctx : NULL;
}

static const void *
get_guest(const void *ctx, size_t i, const char **ret_title)
{
	const struct ha_conf *c = ctx;

	if (i >= c->table.guests)
		return NULL;
	*ret_title = c->table.guest[i]->name;
	return c->table.guest[i];
}

static const void *
get_range(const void *ctx, size_t i, const char **ret_title)
{
	const struct ha_conf *c = ctx;

	if (i >= c->table.ranges)
		return NULL;
	*ret_title = c->table.range[i]->name;
	return c->table.range[i];
}

static const void *
get_link(const void *ctx, size_t i, const char **ret_title)
{
	const struct ha_conf *c = ctx;

	if (i >= c->policy.links)
		return NULL;
	*ret_title = c->policy.link[i].dev;
	return &c->policy.link[i];
}

static const struct conf_section sections[] = {
	{ .keys = top_keys,
	    .n_keys = countof(top_keys),
	    .begin = begin_top,
	    .end = end_top,
	    .get = get_top },
	{ .name = "guest",
	    .titled = true,
	    .keys = guest_keys,
	    .n_keys = countof(guest_keys),
	    .doc =
		"A row of the Prefix Table (RFC 3963 6.1.2): one guest, or a group of guests that "
		"always moves together.",
	    .begin = begin_guest,
	    .end = end_guest,
	    .get = get_guest },
	{ .name = "range",
	    .titled = true,
	    .keys = range_keys,
	    .n_keys = countof(range_keys),
	    .doc = "Home addresses that need no row of their own: each may bring prefixes of the "
		   "range, save what a guest section gives to somebody else.",
	    .begin = begin_range,
	    .end = end_range,
	    .get = get_range },
	{ .name = "home-link",
	    .titled = true,
	    .keys = link_keys,
	    .n_keys = countof(link_keys),
	    .doc = "An interface whose link home addresses are at home on. Without one, home "
		   "addresses live on no wire, which costs no time at the first registration.",
	    .begin = begin_link,
	    .end = end_link,
	    .get = get_link },
};

/* ---- the whole ---- */

int
ha_conf_load(const char *file, struct ha_conf **ret_conf)
{
	struct ha_conf *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	ha_table_init(&c->table);
	r = conf_load(file, sections, countof(sections), c);
	free(c->places); /* the names of files in it are gone, too */
	c->places = NULL;
	c->n_places = 0;
	if (r < 0) {
		ha_conf_free(c);
		return r;
	}
	*ret_conf = c;
	return 0;
}

void
ha_conf_free(struct ha_conf *conf)
{
	if (!conf)
		return;
	ha_table_done(&conf->table);
	free(conf->places);
	free(conf);
}

int
ha_conf_print(FILE *out, const struct ha_conf *conf)
{
	return conf_print(out, sections, countof(sections), conf);
}

int
ha_conf_print_doc(FILE *out)
{
	return conf_print_doc(out, sections, countof(sections));
}

const char *
ha_conf_needs_restart(const struct ha_conf *a, const struct ha_conf *b)
{
	static const char *const fixed[] = { "address", "datapath", "traffic-class", "hop-limit",
		"forwarding", "control", "control-group" };
	char was[HA_TEXT_MAX + 1], is[HA_TEXT_MAX + 1];

	for (size_t i = 0; i < countof(fixed); i++) {
		const struct conf_key *key = conf_find(top_keys, countof(top_keys), fixed[i]);

		conf_text(key, a, 0, was, sizeof(was));
		conf_text(key, b, 0, is, sizeof(is));
		if (strcmp(was, is) != 0)
			return fixed[i];
	}
	return NULL;
}
