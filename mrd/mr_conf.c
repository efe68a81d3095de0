/* mr_conf.c - see mr_conf.h: the rows of mrd.conf, one per key. Layer: shell. */
#include "mrd/mr_conf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/base.h"
#include "common/base/text.h"
#include "common/base/trie.h"
#include "common/wire/mh.h"

static const char *const modes[] = { "explicit", "implicit", "explicit-then-implicit",
	"implicit-then-explicit", NULL };
static const char *const on_stops[] = { "keep", "remove", NULL };
static const char *const datapaths[] = { "auto", "kernel", "portable", NULL };

/* clang-format off */
#define AT(member) offsetof(struct mr_conf, member)

static const struct conf_key top_keys[] = {
	{ "interface", CONF_STRING, AT(uplink), .min = 1, .max = KOBJ_DEV_MAX - 1, .required = true,
	  .doc = "The uplink: the interface whose address is the care-of address." },
	{ "care-of", CONF_ADDR, AT(careof),
	  .doc = "Use this address of the host as care-of address and no other. Without it a global "
		 "address of the uplink is chosen, and kept as long as it is valid." },
	{ "home-agent", CONF_ADDRS, AT(home_agent), AT(home_agents), .max = MR_AGENTS_MAX,
	  .doc = "Where guests are registered: the address of had. Of several on one home link the "
		 "first is asked first, and each next one when one does not answer or refuses "
		 "(RFC 6275 11.4.1, RFC 3963 5.4)." },
	{ "discover-home-agents", CONF_PREFIXES, AT(discover), AT(discover_n), .max = 1,
	  .doc = "Ask who the home agents are on the link with this prefix, by its home agents' anycast "
		 "address (RFC 6275 11.4.1). Those that answer are used in the order they say, "
		 "before those of home-agent. Nothing proves who answers; only addresses in the "
		 "prefix are taken." },
	{ "next-agent-after", CONF_MS, AT(next_agent_ms), .min = 100, .max = 32000, .def = "32s",
	  .doc = "With several home agents: once a wait for an answer has grown to this and was in "
		 "vain, the next one is asked; MAX_BINDACK_TIMEOUT (RFC 6275 11.7.1). 4s finds out "
		 "after 7 s and not after 63 that a home agent is down." },
	{ "lifetime", CONF_MS, AT(lifetime_ms), .min = 4000, .max = 240000, .def = "120s",
	  .doc = "Lifetime asked for in Binding Updates, in steps of 4 s (RFC 6275 6.1.7). Sequence "
		 "numbers are the time, so it has to stay below their window." },
	{ "home-prefix", CONF_PREFIXES, AT(home_prefix), AT(home_prefixes), .max = MR_HOME_PREFIX_MAX,
	  .doc = "Prefixes of home links that are real ones. While the uplink has an address in one of "
		 "them, guests whose home address lies in the same one are at home, and need no binding "
		 "(RFC 6275 11.5.5). Without, no guest ever is." },
	{ "home-learn", CONF_BOOL, AT(home_learn), .def = "no",
	  .doc = "Whether prefixes in Router Advertisements of the home agent are such, too "
		 "(H and R flags, RFC 6275 7.1). Whoever may send them on the uplink may then say that "
		 "guests are at home." },
	{ "mode", CONF_CHOICE, AT(mode), .choices = modes, .def = "explicit",
	  .doc = "Whether Binding Updates list the guest's prefixes (explicit), or the home agent knows "
		 "them (implicit; RFC 3963 5.2). With two, the other one is tried when all home agents "
		 "have refused the first: explicit with 141 or 142, implicit with 143 (RFC 3963 5.4)." },
	{ "first-timeout", CONF_MS, AT(first_timeout_ms), .min = 100, .max = 32000, .def = "1500ms",
	  .doc = "Wait for the answer to the first Binding Update of a guest that the home agent may "
		 "not know, InitialBindackTimeoutFirstReg (RFC 6275 13). Doubled for each one after." },
	{ "ask", CONF_BOOL, AT(ask), .def = "yes",
	  .doc = "Before a guest arrives the home agent is asked whether it may, and who has it. One that "
		 "does not know the question is nobody to wait for." },
	{ "ask-timeout", CONF_MS, AT(ask_timeout_ms), .min = 100, .max = 10000, .def = "1s",
	  .doc = "How long an answer is waited for before the arrival goes on without one." },
	{ "early-switch", CONF_BOOL, AT(early_switch), .def = "yes",
	  .doc = "A guest that stops here while another host awaits it is handed over at once: the home "
		 "agent is told to send its packets there, and what still comes here is sent on. If no, "
		 "its new host registers it when it runs." },
	{ "grace", CONF_MS, AT(grace_ms), .min = 0, .max = 60000, .def = "2s",
	  .doc = "How long late packets are still taken, for a guest that has left and at the previous "
		 "care-of address (RFC 6275 11.3.1)." },
	{ "local-delivery", CONF_BOOL, AT(local_delivery), .def = "no",
	  .doc = "Whether guests of this host reach each other directly and not by the home agent." },
	{ "uplink-router", CONF_BOOL, AT(uplink_router), .def = "no",
	  .doc = "Whether this host is a router on its uplink, too, and a member of the all-routers "
		 "groups there, which a mobile router must not be (RFC 3963 5.7). For hosts that are "
		 "router or neighbour proxy for others on that link." },
	{ "on-stop", CONF_CHOICE, AT(on_stop), .choices = on_stops, .def = "keep",
	  .doc = "Whether a clean stop keeps routes and guests for the next start, or puts the host "
		 "back as it was found." },
	{ "datapath", CONF_CHOICE, AT(datapath), .choices = datapaths, .def = "auto",
	  .doc = "How packets are tunnelled: by the kernel or by this daemon (portable); auto picks "
		 "what works, and the log says which and why." },
	{ "traffic-class", CONF_U32, AT(traffic_class), .min = 0, .max = 252, .def = "0",
	  .doc = "Traffic class of outer headers, a multiple of 4: the two low bits are ECN and "
		 "follow the inner packet (RFC 2473 6.4, RFC 6040)." },
	{ "hop-limit", CONF_U32, AT(hop_limit), .min = 1, .max = 255, .def = "64",
	  .doc = "Hop limit of outer headers (RFC 2473 6.3)." },
	{ "table-base", CONF_U32, AT(table_base), .min = 256, .max = 4294900000, .def = "5200",
	  .doc = "First of the routing tables: this one, the two after it, and from the tenth on one "
		 "per guest." },
	{ "rule-priority", CONF_U32, AT(rule_priority), .min = 1, .max = 32761, .def = "5200",
	  .doc = "First of five priorities of routing rules." },
	{ "guests-max", CONF_U32, AT(guests_max), .min = 1, .max = 10000, .def = "1000",
	  .doc = "The most guests to be known at a time." },
	{ "state", CONF_STRING, AT(state), .min = 1, .max = MR_PATH_MAX, .def = RUNSTATEDIR "/mrd/state",
	  .doc = "The run-time file: which guests are here." },
	{ "control", CONF_STRING, AT(control), .min = 1, .max = MR_PATH_MAX,
	  .def = RUNSTATEDIR "/mrd/mrd.ctl", .doc = "The control socket, for nemoctl." },
	{ "control-group", CONF_STRING, AT(control_group), .max = MR_GROUP_MAX, .def = "",
	  .doc = "The group that may read from the control socket." },
};
#undef AT
#define AT(member) offsetof(struct mr_gateway_conf, member)

static const struct conf_key gateway_keys[] = {
	{ "address", CONF_ADDR, AT(address), .def = "fe80::1",
	  .doc = "The link-local address of the router that guests see; the same on every host." },
	{ "mac", CONF_MAC, AT(mac), .def = "02:00:5e:00:52:13",
	  .doc = "Its MAC address; the same on every host." },
	{ "router-lifetime", CONF_MS, AT(router_lifetime_ms), .min = 0, .max = 9000000, .def = "30m",
	  .doc = "How long guests take it as default router without hearing of it again "
		 "(RFC 4861 6.2.1). 0 is not at all." },
	{ "mtu", CONF_U32, AT(mtu), .min = 0, .max = 65535, .def = "0",
	  .doc = "MTU advertised, in octets and at least 1280. 0 is the tunnel's own." },
	{ "interval-min", CONF_MS, AT(interval_min_ms), .min = 3000, .max = 1350000, .def = "200s",
	  .doc = "Least time between unsolicited advertisements (RFC 4861 6.2.1)." },
	{ "interval-max", CONF_MS, AT(interval_max_ms), .min = 4000, .max = 1800000, .def = "600s",
	  .doc = "Most time between them." },
	{ "managed", CONF_BOOL, AT(managed), .def = "no",
	  .doc = "The M flag: addresses come by DHCPv6 (RFC 4861 4.2)." },
	{ "other", CONF_BOOL, AT(other), .def = "no",
	  .doc = "The O flag: other things come by DHCPv6." },
	{ "autonomous", CONF_BOOL, AT(autonomous), .def = "yes",
	  .doc = "The A flag: guests make addresses of their prefix themselves, if it is a /64 "
		 "(RFC 4862 5.5.3)." },
	{ "valid", CONF_MS, AT(valid_ms), .min = 0, .max = 4294967294000, .def = "30d",
	  .doc = "Valid lifetime of prefixes (RFC 4861 4.6.2)." },
	{ "preferred", CONF_MS, AT(preferred_ms), .min = 0, .max = 4294967294000, .def = "7d",
	  .doc = "Preferred lifetime of prefixes." },
	{ "rdnss", CONF_ADDRS, AT(rdnss), AT(rdnss_n), .max = ND_RDNSS_MAX,
	  .doc = "Name servers to tell of (RFC 8106)." },
	{ "rdnss-lifetime", CONF_MS, AT(rdnss_lifetime_ms), .min = 0, .max = 4294967294000,
	  .def = "30m", .doc = "How long they are good for." },
};
#undef AT
#define AT(member) offsetof(struct mr_guest_conf, member)

static const struct conf_key guest_keys[] = {
	{ "home-address", CONF_ADDR, AT(home_address),
	  .doc = "Identity of the guest's mobile router. Without it the first address after the "
		 "subnet-router anycast address of the first prefix." },
	{ "prefix", CONF_PREFIXES, AT(prefix), AT(prefixes), .max = MR_PREFIX_MAX, .required = true,
	  .doc = "Mobile Network Prefixes of the guest (RFC 3963 2)." },
	{ "mac", CONF_MACS, AT(mac), AT(macs), .max = MR_MAC_MAX,
	  .doc = "MAC addresses of the guest. To these, and no others, it is advertised; with exactly "
		 "one, packets wait in the port of a paused guest." },
	{ "interface", CONF_STRING, AT(link), .min = 1, .max = KOBJ_DEV_MAX - 1, .required = true,
	  .doc = "The link on which the guest is: its tap, or a bridge for guests alone." },
};
#undef AT
/* clang-format on */

/* ---- one guest ---- */

/* A name goes into the run-time file and onto the control socket in quotes. */
static bool
is_name(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)s[i] <= ' ' || s[i] == 0x7f || s[i] == '"' || s[i] == '\\')
			return false;
	}
	return n > 0 && n <= MR_NAME_MAX;
}

/* A link's name becomes a part of the names of settings: what Linux takes, and no path. */
static bool
is_link(const char *s)
{
	return s[0] && !strpbrk(s, "/\" \\:") && strcmp(s, ".") != 0 && strcmp(s, "..") != 0 &&
	       strcmp(s, "all") != 0 && strcmp(s, "default") != 0;
}

static const char *
check_prefixes(const struct mr_guest_conf *guest, char *why, size_t why_len)
{
	char a[TEXT_PREFIX_MAX], b[TEXT_PREFIX_MAX];

	for (unsigned i = 0; i < guest->prefixes; i++) {
		const struct ip6_prefix *p = &guest->prefix[i];

		if (!ip6_prefix_is_usable(p)) {
			snprintf(why, why_len, "%s: not a prefix for a network", text_prefix(p, a));
			return "prefix";
		}
		for (unsigned k = 0; k < i; k++) {
			if (!ip6_prefix_overlaps(p, &guest->prefix[k]))
				continue;
			snprintf(why, why_len, "%s: overlaps %s", text_prefix(p, a),
			    text_prefix(&guest->prefix[k], b));
			return "prefix";
		}
	}
	return NULL;
}

const char *
mr_conf_guest_check(struct mr_guest_conf *guest, char *why, size_t why_len)
{
	const char *key = NULL;
	char text[TEXT_ADDR_MAX];

	if (!is_name(guest->name)) {
		snprintf(why, why_len, "%s: a name has 1 to %d characters, no space, \" or \\",
		    guest->name, MR_NAME_MAX);
		return "guest";
	}
	if (guest->prefixes == 0) {
		snprintf(why, why_len, "missing");
		return "prefix";
	}
	if (!guest->link[0]) {
		snprintf(why, why_len, "missing");
		return "interface";
	}
	if (!is_link(guest->link)) {
		snprintf(why, why_len, "%s: not a link's name", guest->link);
		return "interface";
	}
	key = check_prefixes(guest, why, why_len);
	if (key)
		return key;
	if (ip6_is_any(&guest->home_address) &&
	    !ip6_prefix_first_host(&guest->prefix[0], &guest->home_address)) {
		snprintf(why, why_len, "missing, and the first prefix is too long to hold it");
		return "home-address";
	}
	if (!ip6_is_unicast_routable(&guest->home_address)) {
		snprintf(why, why_len, "%s: not unicast routable",
		    text_addr(&guest->home_address, text));
		return "home-address";
	}
	return NULL;
}

int
mr_conf_guest_words(
    struct mr_guest_conf *guest, int argc, const char *const *argv, char *why, size_t why_len)
{
	char reason[160];

	for (int i = 0; i < argc; i += 2) {
		const struct conf_key *key = conf_find(guest_keys, countof(guest_keys), argv[i]);

		if (!key) {
			snprintf(why, why_len, "%s: unknown key", argv[i]);
			return -EINVAL;
		}
		if (i + 1 == argc) {
			snprintf(why, why_len, "%s: has no value", argv[i]);
			return -EINVAL;
		}
		if (conf_set(key, guest, argv[i + 1], reason, sizeof(reason)) < 0) {
			snprintf(why, why_len, "%s: %s", argv[i], reason);
			return -EINVAL;
		}
	}
	return 0;
}

/* ---- the file ---- */

/* What one reading of it works on. */
struct loading {
	struct mr_conf *conf;
	struct trie prefixes; /* values: index of the guest + 1 */
};

static void *
begin_top(void *ctx, const char *title, const struct conf_where *where)
{
	struct loading *l = ctx;

	(void)title;
	(void)where;
	return l->conf;
}

/* "KEY: REASON" on the line where the key is. */
__attribute__((format(printf, 3, 4))) static int
complain(const struct conf_where *section, const char *key, const char *fmt, ...)
{
	struct conf_where at = *section;
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	at.line = conf_line_of(section, key);
	return conf_error(&at, key, "%s", text);
}

static int
check_agents(const struct mr_conf *c, const struct conf_where *where)
{
	char text[TEXT_ADDR_MAX], prefix[TEXT_PREFIX_MAX];

	if (c->home_agents == 0 && c->discover_n == 0)
		return complain(where, "home-agent", "missing, and no discover-home-agents");
	if (c->discover_n > 0 &&
	    (!ip6_prefix_is_usable(&c->discover[0]) || c->discover[0].len > 121))
		return complain(where, "discover-home-agents", "%s: not a prefix of a link",
		    text_prefix(&c->discover[0], prefix));
	for (unsigned i = 0; i < c->home_agents; i++) {
		const struct in6_addr *a = &c->home_agent[i];

		if (!ip6_is_unicast_routable(a))
			return complain(
			    where, "home-agent", "%s: not unicast routable", text_addr(a, text));
		for (unsigned k = 0; k < i; k++) {
			if (ip6_equal(a, &c->home_agent[k]))
				return complain(
				    where, "home-agent", "%s: given twice", text_addr(a, text));
		}
	}
	return 0;
}

static int
end_top(void *ctx, void *section, const struct conf_where *where)
{
	const struct mr_conf *c = section;

	(void)ctx;
	if (!is_link(c->uplink))
		return complain(where, "interface", "%s: not a link's name", c->uplink);
	if (c->lifetime_ms % 4000 != 0)
		return complain(where, "lifetime", "must be in steps of 4s");
	if (c->traffic_class % 4 != 0)
		return complain(where, "traffic-class", "must be a multiple of 4");
	if (c->next_agent_ms < c->first_timeout_ms)
		return complain(
		    where, "next-agent-after", "must not be shorter than first-timeout");
	for (unsigned i = 0; i < c->home_prefixes; i++) {
		char text[TEXT_PREFIX_MAX];

		if (!ip6_prefix_is_usable(&c->home_prefix[i]))
			return complain(where, "home-prefix", "%s: not a prefix for a network",
			    text_prefix(&c->home_prefix[i], text));
	}
	if (!ip6_is_any(&c->careof) && !ip6_is_unicast_routable(&c->careof))
		return complain(where, "care-of", "not unicast routable");
	if (c->guests > c->guests_max)
		return complain(where, "guests-max", "%zu guests are configured", c->guests);
	return check_agents(c, where);
}

static const void *
get_top(const void *ctx, size_t i, const char **ret_title)
{
	(void)ret_title;
	return i == 0 ? ctx : NULL;
}

static void *
begin_gateway(void *ctx, const char *title, const struct conf_where *where)
{
	struct loading *l = ctx;

	(void)title;
	(void)where;
	return &l->conf->gateway;
}

static int
end_gateway(void *ctx, void *section, const struct conf_where *where)
{
	const struct mr_gateway_conf *c = section;

	(void)ctx;
	if (!ip6_is_linklocal(&c->address))
		return complain(where, "address", "not link-local");
	if (c->mac.b[0] & 1)
		return complain(where, "mac", "a group address");
	if (c->mtu > 0 && c->mtu < IP6_MIN_MTU)
		return complain(where, "mtu", "must be at least %d", IP6_MIN_MTU);
	if (c->interval_min_ms > c->interval_max_ms * 3 / 4) /* RFC 4861 6.2.1 */
		return complain(
		    where, "interval-min", "must be at most three quarters of interval-max");
	if (c->preferred_ms > c->valid_ms)
		return complain(where, "preferred", "must not be longer than valid");
	return 0;
}

static const void *
get_gateway(const void *ctx, size_t i, const char **ret_title)
{
	const struct mr_conf *c = ctx;

	(void)ret_title;
	return i == 0 ? &c->gateway : NULL;
}

static void *
begin_guest(void *ctx, const char *title, const struct conf_where *where)
{
	struct loading *l = ctx;
	struct mr_conf *c = l->conf;
	struct mr_guest_conf *g;

	if (strlen(title) > MR_NAME_MAX) {
		conf_error(
		    where, "guest", "%s: a name has at most %d characters", title, MR_NAME_MAX);
		return NULL;
	}
	if (c->guests == c->guests_cap) {
		size_t cap = c->guests_cap ? 2 * c->guests_cap : 16;

		g = realloc(c->guest, cap * sizeof(*g));
		if (!g) {
			conf_error(where, "guest", "%s: out of memory", title);
			return NULL;
		}
		c->guest = g;
		c->guests_cap = cap;
	}
	g = &c->guest[c->guests++];
	memset(g, 0, sizeof(*g));
	memcpy(g->name, title, strlen(title) + 1);
	return g;
}

/* Who has it already? */
struct claim {
	const struct mr_conf *conf;
	size_t own;
	const char *other;
};

static bool
note_claim(void *ctx, const struct ip6_prefix *q, void *value)
{
	struct claim *c = ctx;
	size_t i = (size_t)(uintptr_t)value - 1;

	(void)q;
	if (i != c->own)
		c->other = c->conf->guest[i].name;
	return !c->other;
}

static int
claim(
    struct loading *l, const struct ip6_prefix *p, const char *key, const struct conf_where *where)
{
	struct claim c = { .conf = l->conf, .own = l->conf->guests - 1 };
	char text[TEXT_PREFIX_MAX];
	int r;

	trie_overlaps(&l->prefixes, p, note_claim, &c);
	if (c.other)
		return complain(
		    where, key, "%s: overlaps guest \"%s\"", text_prefix(p, text), c.other);
	r = trie_add(&l->prefixes, p, (void *)(uintptr_t)(c.own + 1));
	return r == -ENOMEM ? conf_error(where, key, "out of memory") : 0;
}

static int
end_guest(void *ctx, void *section, const struct conf_where *where)
{
	struct loading *l = ctx;
	struct mr_guest_conf *g = section;
	struct ip6_prefix home;
	char why[160];
	const char *key = mr_conf_guest_check(g, why, sizeof(why));
	int r = 0;

	if (key)
		return complain(where, key, "%s", why);
	for (unsigned i = 0; i < g->prefixes && r == 0; i++)
		r = claim(l, &g->prefix[i], "prefix", where);
	home = ip6_host(&g->home_address);
	return r < 0 ? r : claim(l, &home, "home-address", where);
}

static const void *
get_guest(const void *ctx, size_t i, const char **ret_title)
{
	const struct mr_conf *c = ctx;

	if (i >= c->guests)
		return NULL;
	*ret_title = c->guest[i].name;
	return &c->guest[i];
}

static const struct conf_section sections[] = {
	{ .name = NULL,
	    .keys = top_keys,
	    .n_keys = countof(top_keys),
	    .doc = "What concerns the host.",
	    .begin = begin_top,
	    .end = end_top,
	    .get = get_top },
	{ .name = "gateway",
	    .keys = gateway_keys,
	    .n_keys = countof(gateway_keys),
	    .doc = "What guests see as their router. It has to be the same on every host.",
	    .begin = begin_gateway,
	    .end = end_gateway,
	    .get = get_gateway },
	{ .name = "guest",
	    .titled = true,
	    .keys = guest_keys,
	    .n_keys = countof(guest_keys),
	    .doc = "A guest that may come to this host. Guests may as well be made known by words "
		   "on the control socket, with the same keys.",
	    .begin = begin_guest,
	    .end = end_guest,
	    .get = get_guest },
};

int
mr_conf_load(const char *file, struct mr_conf *ret_conf)
{
	struct mr_conf conf = { 0 };
	struct loading l = { .conf = &conf };
	int r;

	conf_defaults(gateway_keys, countof(gateway_keys), &conf.gateway);
	trie_init(&l.prefixes);
	r = conf_load(file, sections, countof(sections), &l);
	trie_done(&l.prefixes);
	if (r < 0) {
		mr_conf_done(&conf);
		return r;
	}
	*ret_conf = conf;
	return 0;
}

void
mr_conf_done(struct mr_conf *conf)
{
	if (!conf)
		return;
	free(conf->guest);
	conf->guest = NULL;
	conf->guests = conf->guests_cap = 0;
}

int
mr_conf_print(FILE *out, const struct mr_conf *conf)
{
	return conf_print(out, sections, countof(sections), conf);
}

int
mr_conf_print_doc(FILE *out)
{
	return conf_print_doc(out, sections, countof(sections));
}
