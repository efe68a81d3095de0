/*
 * model_world.c - see model.h: hosts, home agent, network and time of one run.
 *
 * Long: each of them is an actor in the same queue of events, and asks the others.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/base.h"
#include "common/base/text.h"
#include "common/wire/hand.h"
#include "model/model.h"

#define UNIX_MS 1700000000000
#define BOOT_MS 1000000
#define EVENTS_MAX 2048
#define CALLS_MAX 200000 /* of cores in a run: more is a storm */
#define OCTETS_MAX 256

/* Time that the network is good for, until all has to be well, and until nothing is left. */
#define SERVED_MS 60000
#define REFRESH_MS 3000 /* more, where it takes the refresh that falls due then */
#define LEFT_MS 330000

struct packet {
	bool is_data;
	unsigned from, to; /* nodes */
	union {
		struct {
			size_t n;
			uint8_t octets[OCTETS_MAX];
		};
		struct {		      /* for a guest, in a tunnel */
			unsigned guest, seen; /* hosts that sent it on, as bits */
		};
	};
};

struct event {
	int64_t ms;
	uint64_t order;
	struct packet p;
};

struct model {
	const struct model_schedule *s;
	FILE *trace;
	int64_t ms;
	uint64_t random, order;
	bool good;    /* the network is */
	bool touched; /* a kernel is not as it was */
	unsigned calls;
	unsigned sender; /* of the message that the home agent is at */
	unsigned is_on[MODEL_GUESTS];
	struct model_host host[MODEL_HOSTS];
	struct model_agent agent;
	struct event *event[EVENTS_MAX + 1]; /* a heap, from 1 */
	size_t events;
	const char *why;
};

static char said[200];

#define BROKEN(m, ...)                                             \
	do {                                                       \
		if (!(m)->why) {                                   \
			snprintf(said, sizeof(said), __VA_ARGS__); \
			(m)->why = said;                           \
		}                                                  \
	} while (0)

#define TELL(m, ...)                                                         \
	do {                                                                 \
		if ((m)->trace) {                                            \
			fprintf((m)->trace, "%10lld  ", (long long)(m)->ms); \
			fprintf((m)->trace, __VA_ARGS__);                    \
			fputc('\n', (m)->trace);                             \
		}                                                            \
	} while (0)

/* ---- who is who ---- */

static struct {
	bool made;
	struct in6_addr address[MODEL_NODES];
	struct model_guest guest[MODEL_GUESTS];
	struct mr_guest_conf conf[MODEL_GUESTS];
	struct mr_conf mr;
	struct ha_policy policy;
	struct ha_table table;
} all;

static void
make_guest(unsigned i)
{
	struct model_guest *g = &all.guest[i];
	struct mr_guest_conf *c = &all.conf[i];
	const struct ha_guest *other;
	struct ha_guest *row;
	struct ip6_prefix p;
	char text[64];

	snprintf(g->name, sizeof(g->name), "web%u", (i + 1) % 10);
	snprintf(text, sizeof(text), "2001:db8:200:%u::/64", i + 1);
	(void)text_to_prefix(text, &g->prefix);
	(void)ip6_prefix_first_host(&g->prefix, &g->home);
	memcpy(c->name, g->name, sizeof(g->name));
	c->prefix[c->prefixes++] = g->prefix;
	c->home_address = g->home;
	snprintf(c->link, sizeof(c->link), "brvm");
	c->mac[c->macs++] = (struct nd_mac){ { 0x52, 0x54, 0, 0, 0, (uint8_t)(i + 1) } };
	row = ha_table_add_guest(&all.table, g->name);
	row->hoa = g->home;
	row->prefix[row->n++] = g->prefix;
	(void)ha_table_index(&all.table, row, true, true, &other, &p);
}

static void
make_all(void)
{
	if (all.made)
		return;
	all.made = true;
	for (unsigned h = 0; h < MODEL_HOSTS; h++) {
		char text[64];

		snprintf(text, sizeof(text), "2001:db8:%x::10", 0xa + h);
		(void)text_to_addr(text, &all.address[h]);
	}
	(void)text_to_addr("2001:db8:100::1", &all.address[MODEL_HA]);
	ha_table_init(&all.table);
	for (unsigned g = 0; g < MODEL_GUESTS; g++)
		make_guest(g);
	all.policy = (struct ha_policy){
		.address = all.address[MODEL_HA],
		.home_agent = true,
		.mobile_routers = true,
		.lifetime_max_ms = 240000,
		.grace_ms = 2000,
		.bindings_max = 100,
		.table = KOBJ_TABLE_MAIN,
	};
	all.mr = (struct mr_conf){
		.uplink = "up",
		.lifetime_ms = 120000,
		.first_timeout_ms = 1500,
		.next_agent_ms = 32000,
		.grace_ms = 2000,
		.ask = true,
		.early_switch = true,
		.ask_timeout_ms = 1000,
		.table_base = 5200,
		.rule_priority = 5200,
		.guests_max = MODEL_GUESTS,
		.home_agent = { all.address[MODEL_HA] },
		.home_agents = 1,
		.guest = all.conf,
		.guests = MODEL_GUESTS,
		.gateway = { .router_lifetime_ms = 1800000,
		    .interval_min_ms = 200000,
		    .interval_max_ms = 600000,
		    .valid_ms = 86400000,
		    .preferred_ms = 14400000,
		    .autonomous = true },
	};
	(void)text_to_addr("fe80::1", &all.mr.gateway.address);
}

const struct model_guest *
model_guest(unsigned guest)
{
	return &all.guest[guest];
}

const struct in6_addr *
model_address(unsigned node)
{
	return &all.address[node];
}

unsigned
model_node_of(const struct in6_addr *address)
{
	unsigned n = 0;

	while (n < MODEL_NODES && !ip6_equal(&all.address[n], address))
		n++;
	return n;
}

/* ---- the network ---- */

static bool
earlier(const struct event *a, const struct event *b)
{
	return a->ms != b->ms ? a->ms < b->ms : a->order < b->order;
}

static void
push(struct model *m, int64_t ms, const struct packet *p)
{
	struct event *e;
	size_t i;

	if (m->events == EVENTS_MAX) {
		BROKEN(m, "a storm: %d packets are under way", EVENTS_MAX);
		return;
	}
	e = malloc(sizeof(*e));
	if (!e)
		abort();
	e->ms = ms;
	e->order = m->order++;
	e->p = *p;
	for (i = ++m->events; i > 1 && earlier(e, m->event[i / 2]); i /= 2)
		m->event[i] = m->event[i / 2];
	m->event[i] = e;
}

static struct event *
pop(struct model *m)
{
	struct event *first = m->event[1], *last = m->event[m->events--];
	size_t i = 1;

	for (size_t next = 2; next <= m->events; next = 2 * i) {
		if (next < m->events && earlier(m->event[next + 1], m->event[next]))
			next++;
		if (!earlier(m->event[next], last))
			break;
		m->event[i] = m->event[next];
		i = next;
	}
	m->event[i] = last;
	return first;
}

static unsigned
below(struct model *m, unsigned n)
{
	return (unsigned)(model_random(&m->random) % n);
}

static void
carry_one(struct model *m, const struct packet *p)
{
	int64_t ms = m->s->delay_ms + 1;

	if (!m->good) {
		ms += below(m, m->s->jitter_ms + 1);
		if (m->s->jitter_ms > 1 && below(m, 100) == 0) /* one that is forgotten */
			ms += below(m, 3000);
	}
	push(m, m->ms + ms, p);
}

static bool
is_cut(const struct model *m, const struct packet *p)
{
	return (p->from < MODEL_HOSTS && m->host[p->from].cut) ||
	       (p->to < MODEL_HOSTS && m->host[p->to].cut);
}

static void
carry(struct model *m, const struct packet *p)
{
	if (is_cut(m, p) || (!m->good && below(m, 100) < m->s->lost)) {
		if (!p->is_data)
			TELL(m, "%u -> %u lost", p->from, p->to);
		return;
	}
	carry_one(m, p);
	if (!m->good && below(m, 100) < m->s->twice)
		carry_one(m, p);
}

static void
tell_message(struct model *m, const struct packet *p, const struct ip6_mh_packet *q)
{
	static const char *const names[] = { "ask", "answer", "expected", "switched" };
	char text[TEXT_ADDR_MAX];
	struct hand h;
	struct mh mh;
	size_t at;

	if (!m->trace || mh_get(q, &mh, &at) != MH_OK)
		return;
	if (mh.type == MH_BU)
		TELL(m, "%u -> %u update %u lifetime %u for %s", p->from, p->to, mh.bu.seq,
		    mh.bu.lifetime_s,
		    mh.opts.n[MH_OPT_ALTCOA] ? text_addr(&mh.opts.altcoa, text) : "-");
	else if (mh.type == MH_BA)
		TELL(m, "%u -> %u acknowledgement %u status %u", p->from, p->to, mh.ba.seq,
		    mh.ba.status);
	else if (hand_get(&mh, &h) == 0)
		TELL(m, "%u -> %u %s code %u id %u seq %u care-of %s", p->from, p->to,
		    names[h.kind - HAND_ASK], h.code, h.id, h.seq, text_addr(&h.careof, text));
	else
		TELL(m, "%u -> %u message of type %u", p->from, p->to, mh.type);
}

static struct packet
packet_of(struct model *m, unsigned from, const struct ip6_mh_out *out)
{
	struct packet p = { .from = from, .to = model_node_of(&out->dst) };
	struct wire_writer w = { .base = p.octets, .len = sizeof(p.octets) };

	if (p.to == MODEL_NODES || ip6_mh_packet_put(&w, out) < 0)
		BROKEN(m, "node %u sends to nobody, or what does not fit", from);
	p.n = w.pos;
	return p;
}

/* ---- the worlds of the cores ---- */

/*
 * Where a daemon is killed: not between two events alone, but between any two things
 * that it does. From there on its calls have no effect.
 */
static bool
is_killed(unsigned *dies_in, bool *dead)
{
	if (*dies_in > 0 && --*dies_in == 0)
		*dead = true;
	return *dead;
}

/* What the callbacks of one mobile router get. */
struct at {
	struct model *m;
	unsigned n;
};
static struct at at[MODEL_NODES];

static struct model_host *
host_of(void *ctx)
{
	struct at *a = ctx;

	return &a->m->host[a->n];
}

static int
kernel_set(struct plan *k, const struct kobj *o)
{
	for (size_t i = 0; i < k->n; i++) {
		if (k->v[i].kind == o->kind && kobj_same_key(&k->v[i], o)) {
			k->v[i] = *o;
			return 0;
		}
	}
	plan_add(k, o);
	return 0;
}

static int
kernel_clear(struct plan *k, const struct kobj *o)
{
	for (size_t i = 0; i < k->n; i++) {
		if (k->v[i].kind == o->kind && kobj_same_key(&k->v[i], o)) {
			k->v[i] = k->v[--k->n];
			return 0;
		}
	}
	return 0;
}

static int
mr_set(void *ctx, const struct kobj *o)
{
	struct model_host *h = host_of(ctx);

	((struct at *)ctx)->m->touched = true;
	return is_killed(&h->dies_in, &h->dead) ? 0 : kernel_set(&h->kernel, o);
}

static int
mr_clear(void *ctx, const struct kobj *o)
{
	struct model_host *h = host_of(ctx);

	((struct at *)ctx)->m->touched = true;
	return is_killed(&h->dies_in, &h->dead) ? 0 : kernel_clear(&h->kernel, o);
}

/* only where the guest runs a Binding Update says so. */
static void
check_update(struct model *m, unsigned host, const struct ip6_mh_packet *q)
{
	const struct mr_guest *g = NULL;
	struct mh mh;
	size_t pos;

	if (mh_get(q, &mh, &pos) != MH_OK || mh.type != MH_BU || mh.bu.lifetime_s == 0 ||
	    !mh.opts.n[MH_OPT_ALTCOA] || !ip6_equal(&mh.opts.altcoa, model_address(host)))
		return;
	for (unsigned i = 0; i < MODEL_GUESTS; i++) {
		if (ip6_equal(&model_guest(i)->home, ip6_mh_source(q)))
			g = mr_find(m->host[host].mr, model_guest(i)->name);
	}
	if (g && g->state != MR_RUNNING)
		BROKEN(m, "X-03: host %u registers %s, which is %s", host, g->conf.name,
		    mr_guest_state_name(g->state));
}

static int
mr_send(void *ctx, const struct ip6_mh_out *out)
{
	struct at *a = ctx;
	struct model_host *h = host_of(ctx);
	struct ip6_mh_packet q;
	struct packet p;

	if (is_killed(&h->dies_in, &h->dead))
		return 0;
	p = packet_of(a->m, a->n, out);
	if (a->m->why || ip6_mh_packet_get(p.octets, p.n, &q) < 0)
		return 0;
	tell_message(a->m, &p, &q);
	check_update(a->m, a->n, &q);
	carry(a->m, &p);
	return 0;
}

static void
mr_save_file(void *ctx)
{
	struct model_host *h = host_of(ctx);

	if (is_killed(&h->dies_in, &h->dead))
		return;
	h->file.n = 0;
	if (h->file.s)
		h->file.s[0] = '\0';
	mr_save(h->mr, &h->file);
}

static void
mr_arm(void *ctx, mono_t when)
{
	host_of(ctx)->armed = when;
}

static void
mr_event(void *ctx, const struct mr_event *e)
{
	static const char *const names[] = {
		[MR_EVENT_REGISTERED] = "registered",
		[MR_EVENT_REFUSED] = "refused",
		[MR_EVENT_LAPSED] = "lapsed",
		[MR_EVENT_ASKED] = "has its answer",
		[MR_EVENT_EXPECTED] = "is expected elsewhere",
		[MR_EVENT_HANDED] = "is handed over",
	};
	struct at *a = ctx;

	if (e->kind == MR_EVENT_GUEST)
		TELL(a->m, "host %u: %s %s", a->n, e->guest->conf.name,
		    mr_guest_state_name(e->guest->state));
	else if (e->kind < countof(names) && names[e->kind])
		TELL(a->m, "host %u: %s %s", a->n, e->guest->conf.name, names[e->kind]);
}

static int
mr_icmp6_out(void *ctx, const struct ip6_icmp6_out *out)
{
	(void)ctx;
	(void)out;
	return 0;
}

static int
mr_frame_out(void *ctx, const char *dev, const uint8_t *p, size_t n)
{
	(void)ctx;
	(void)dev;
	(void)p;
	(void)n;
	return 0;
}

static int
mr_mac(void *ctx, const char *dev, struct nd_mac *ret_mac)
{
	(void)ctx;
	(void)dev;
	*ret_mac = (struct nd_mac){ { 2, 0, 0, 0, 0, 0xaa } };
	return 0;
}

static int
mr_link(void *ctx, const char *dev)
{
	(void)ctx;
	(void)dev;
	return 0;
}

static int
mr_listen(void *ctx, const struct in6_addr *address, bool on)
{
	(void)ctx;
	(void)address;
	(void)on;
	return 0;
}

static int
mr_keep(void *ctx, const char *dev, bool on)
{
	(void)ctx;
	(void)dev;
	(void)on;
	return 0;
}

static int
mr_send_kept(void *ctx, const struct mr_guest *g, int64_t since_us, const struct kobj_tunnel *t)
{
	(void)ctx;
	(void)g;
	(void)since_us;
	(void)t;
	return 0;
}

static uint32_t
mr_mtu(void *ctx, const struct kobj_tunnel *tunnel)
{
	(void)ctx;
	(void)tunnel;
	return 1460;
}

static int
ha_set(void *ctx, const struct kobj *o)
{
	struct model *m = ((struct at *)ctx)->m;

	m->touched = true;
	return is_killed(&m->agent.dies_in, &m->agent.dead) ? 0 : kernel_set(&m->agent.kernel, o);
}

static int
ha_clear(void *ctx, const struct kobj *o)
{
	struct model *m = ((struct at *)ctx)->m;

	m->touched = true;
	return is_killed(&m->agent.dies_in, &m->agent.dead) ? 0 : kernel_clear(&m->agent.kernel, o);
}

static void
ha_send(void *ctx, const struct ip6_mh_out *out)
{
	struct model *m = ((struct at *)ctx)->m;
	struct ip6_mh_packet q;
	struct packet p;

	if (is_killed(&m->agent.dies_in, &m->agent.dead))
		return;
	p = packet_of(m, MODEL_HA, out);
	if (m->why || ip6_mh_packet_get(p.octets, p.n, &q) < 0)
		return;
	tell_message(m, &p, &q);
	carry(m, &p);
}

static void
ha_icmp6(void *ctx, const struct ip6_icmp6_out *out)
{
	(void)ctx;
	(void)out;
}

static void
ha_arm(void *ctx, mono_t when)
{
	((struct at *)ctx)->m->agent.armed = when;
}

/* A binding ends by its own host's word, or in time; nobody else takes it away. */
static void
ha_event(void *ctx, const struct ha_event *e)
{
	struct model *m = ((struct at *)ctx)->m;

	if (e->kind == HA_EV_DEREGISTERED && model_node_of(&e->coa) != m->sender)
		BROKEN(m, "X-02: a lost binding: host %u's is ended by host %u",
		    model_node_of(&e->coa), m->sender);
	if (e->kind == HA_EV_DROPPED)
		BROKEN(m, "a lost binding: host %u's is dropped", model_node_of(&e->coa));
}

/* ---- daemons ---- */

static struct tick
host_now(const struct model *m, unsigned host)
{
	return (struct tick){ .now = { BOOT_MS + m->ms - m->host[host].boot_ms },
		.unix_ms = UNIX_MS + m->ms + m->s->clock_ms[host] };
}

static struct tick
agent_now(const struct model *m)
{
	return (struct tick){ .now = { BOOT_MS + m->ms }, .unix_ms = UNIX_MS + m->ms };
}

static void
host_stop(struct model_host *h)
{
	if (!h->up)
		return;
	mr_free(h->mr);
	want_free(h->want);
	h->up = h->dead = false;
	h->dies_in = 0;
	h->mr = NULL;
	h->want = NULL;
	h->armed = MONO_NEVER;
}

static void
agent_stop(struct model_agent *a)
{
	if (!a->up)
		return;
	ha_free(a->ha);
	want_free(a->want);
	a->up = a->dead = false;
	a->dies_in = 0;
	a->ha = NULL;
	a->want = NULL;
	a->armed = MONO_NEVER;
}

static void
restore(struct model *m, unsigned n, const char *file)
{
	struct tick now = host_now(m, n);
	struct mr_state_line line;

	for (const char *s = file; s && *s;) {
		size_t len = strcspn(s, "\n");

		if (mr_state_get(s, len, &line) < 0)
			BROKEN(m, "host %u cannot read its run-time file", n);
		else if (line.kind == MR_STATE_GUEST)
			(void)mr_restore(m->host[n].mr, &line.guest, &now);
		s += len + (s[len] == '\n');
	}
}

static void
copy_plan(struct plan *to, const struct plan *from)
{
	for (size_t i = 0; i < from->n; i++)
		plan_add(to, &from->v[i]);
}

static void
host_start(struct model *m, unsigned n)
{
	static const struct want_ops want_ops = { mr_set, mr_clear };
	static const struct mr_ops ops = {
		.send = mr_send,
		.icmp6 = mr_icmp6_out,
		.frame = mr_frame_out,
		.mac = mr_mac,
		.link = mr_link,
		.listen = mr_listen,
		.keep = mr_keep,
		.send_kept = mr_send_kept,
		.mtu = mr_mtu,
		.save = mr_save_file,
		.arm = mr_arm,
		.event = mr_event,
	};
	struct model_host *h = &m->host[n];
	struct mr_move_addr address = { .addr = h->careof, .permanent = true };
	struct tick now = host_now(m, n);
	struct plan found = { 0 };
	struct mr_why why;
	char *file;

	if (h->up)
		return;
	TELL(m, "host %u: mrd starts", n);
	copy_plan(&found, &h->kernel);
	file = h->file.s ? strdup(h->file.s) : NULL;
	h->up = true;
	h->want = want_new(&want_ops, &at[n]);
	want_know(h->want, &found);
	h->mr = mr_new(&all.mr, &ops, &at[n], h->want, n + 1);
	mr_addresses(h->mr, &address, 1, &now);
	restore(m, n, file);
	(void)mr_configure(h->mr, &all.mr, &now, &why);
	(void)want_fix(h->want, &found, NULL);
	plan_done(&found);
	free(file);
}

static void
agent_start(struct model *m)
{
	static const struct want_ops want_ops = { ha_set, ha_clear };
	static const struct ha_ops ops = {
		.send = ha_send, .icmp6 = ha_icmp6, .arm = ha_arm, .event = ha_event
	};
	struct model_agent *a = &m->agent;
	struct plan found = { 0 };

	if (a->up)
		return;
	TELL(m, "had starts");
	copy_plan(&found, &a->kernel);
	a->up = true;
	a->want = want_new(&want_ops, &at[MODEL_HA]);
	want_know(a->want, &found);
	a->ha = ha_new(a->want, &ops, &at[MODEL_HA]);
	(void)ha_configure(a->ha, &all.policy, &all.table, agent_now(m));
	(void)ha_adopt(a->ha, &found, agent_now(m));
	(void)want_fix(a->want, &found, NULL);
	plan_done(&found);
}

/* ---- after each call of a core ---- */

static void
bury(struct model *m)
{
	for (unsigned n = 0; n < MODEL_HOSTS; n++) {
		if (m->host[n].dead) {
			TELL(m, "host %u: mrd is dead", n);
			host_stop(&m->host[n]);
		}
	}
	if (m->agent.dead) {
		TELL(m, "had is dead");
		agent_stop(&m->agent);
	}
}

static void
after(struct model *m)
{
	const char *why;

	bury(m);
	if (++m->calls > CALLS_MAX)
		BROKEN(m, "a storm: %u calls", m->calls);
	if (!m->touched || m->why)
		return;
	m->touched = false;
	why = model_check_ways(m->host, &m->agent);
	if (why)
		BROKEN(m, "%s", why);
}

/* ---- packets ---- */

static void
inject(struct model *m, unsigned guest)
{
	struct packet p = {
		.is_data = true, .from = MODEL_HA, .to = model_forwards(&m->agent, guest)
	};

	p.guest = guest;
	p.seen = 0;
	if (p.to < MODEL_HOSTS)
		carry(m, &p);
}

static void
take_data(struct model *m, const struct packet *p)
{
	struct packet next = { .is_data = true, .from = p->to };

	if (model_arrives(&m->host[p->to], p->from, p->guest, &next.to) != MODEL_SENT_ON)
		return;
	TELL(m, "a packet for %s goes on from host %u to host %u", model_guest(p->guest)->name,
	    p->to, next.to);
	if (p->seen & 1u << p->to)
		BROKEN(m, "host %u sends a packet on twice", p->to);
	if (next.to >= MODEL_HOSTS || p->from != MODEL_HA)
		BROKEN(m, "X-09: host %u sends on what came from node %u", p->to, p->from);
	next.guest = p->guest;
	next.seen = p->seen | 1u << p->to;
	carry(m, &next);
}

static void
take_message(struct model *m, const struct packet *p)
{
	struct ip6_mh_packet q;

	if (ip6_mh_packet_get(p->octets, p->n, &q) < 0) {
		BROKEN(m, "node %u sent what cannot be read", p->from);
		return;
	}
	if (p->to == MODEL_HA && m->agent.up) {
		m->sender = p->from;
		ha_receive(m->agent.ha, agent_now(m), &q);
	} else if (p->to < MODEL_HOSTS && m->host[p->to].up) {
		struct tick now = host_now(m, p->to);

		mr_receive(m->host[p->to].mr, &q, &now);
	}
	after(m);
}

/* ---- words, and what else happens ---- */

static void
say(struct model *m, enum model_kind kind, unsigned host, unsigned guest)
{
	static const enum mr_word words[] = {
		[MODEL_INCOMING] = MR_WORD_INCOMING,
		[MODEL_RUNNING] = MR_WORD_RUNNING,
		[MODEL_SUSPENDED] = MR_WORD_SUSPENDED,
		[MODEL_GONE] = MR_WORD_GONE,
	};
	struct tick now = host_now(m, host);
	const char *name = model_guest(guest)->name;
	struct model_host *h = &m->host[host];
	struct mr_why why;

	if (!h->up)
		return;
	if (kind == MODEL_ENDED)
		(void)mr_gone_for_good(h->mr, name, &now, &why);
	else if (kind == MODEL_CANCEL)
		(void)mr_cancel(h->mr, name, &now, &why);
	else
		(void)mr_word(h->mr, words[kind], name, NULL, &now, &why);
	after(m);
}

static void
boot_host(struct model *m, unsigned n)
{
	struct model_host *h = &m->host[n];

	host_stop(h);
	plan_clear(&h->kernel);
	mr_text_done(&h->file);
	h->boot_ms = m->ms;
	host_start(m, n);
	after(m);
}

static void
kill_in(unsigned calls, unsigned *dies_in, bool *dead)
{
	*dies_in = calls;
	*dead = calls == 0;
}

static void
happen(struct model *m, const struct model_step *s)
{
	static const char *const names[MODEL_KINDS] = { "incoming", "running", "suspended", "gone",
		"ended", "cancel", "is-on", "mrd-dies", "mrd-starts", "had-dies", "had-starts",
		"host-boots", "cut", "join" };
	struct model_host *h = &m->host[s->host % MODEL_HOSTS];

	TELL(m, "* %s host %u guest %u n %u", names[s->kind], s->host, s->guest, s->n);
	switch (s->kind) {
	case MODEL_INCOMING:
	case MODEL_RUNNING:
	case MODEL_SUSPENDED:
	case MODEL_GONE:
	case MODEL_ENDED:
	case MODEL_CANCEL:
		say(m, s->kind, s->host % MODEL_HOSTS, s->guest);
		break;
	case MODEL_IS_ON:
		m->is_on[s->guest] = s->host;
		break;
	case MODEL_MRD_DIES:
		if (h->up)
			kill_in(s->n, &h->dies_in, &h->dead);
		after(m);
		break;
	case MODEL_MRD_STARTS:
		host_start(m, s->host % MODEL_HOSTS);
		after(m);
		break;
	case MODEL_HAD_DIES:
		if (m->agent.up)
			kill_in(s->n, &m->agent.dies_in, &m->agent.dead);
		after(m);
		break;
	case MODEL_HAD_STARTS:
		agent_start(m);
		after(m);
		break;
	case MODEL_HOST_BOOTS:
		boot_host(m, s->host % MODEL_HOSTS);
		break;
	case MODEL_CUT:
		h->cut = true;
		break;
	case MODEL_JOIN:
		h->cut = false;
		break;
	case MODEL_KINDS:
		break;
	}
	inject(m, s->guest);
}

/* ---- time ---- */

/* The node whose core wants to be woken first, and when. */
static unsigned
first_armed(const struct model *m, int64_t *ret_ms)
{
	unsigned who = MODEL_HA;

	*ret_ms = m->agent.up ? m->agent.armed.ms : INT64_MAX;
	if (*ret_ms != INT64_MAX)
		*ret_ms -= BOOT_MS;
	for (unsigned n = 0; n < MODEL_HOSTS; n++) {
		const struct model_host *h = &m->host[n];

		if (h->up && h->armed.ms != INT64_MAX &&
		    h->armed.ms - BOOT_MS + h->boot_ms < *ret_ms) {
			*ret_ms = h->armed.ms - BOOT_MS + h->boot_ms;
			who = n;
		}
	}
	return who;
}

static void
wake(struct model *m, unsigned who)
{
	if (who == MODEL_HA) {
		m->sender = MODEL_NODES;
		ha_tick(m->agent.ha, agent_now(m));
	} else {
		struct tick now = host_now(m, who);

		mr_tick(m->host[who].mr, &now);
	}
	after(m);
}

static void
run_until(struct model *m, int64_t until)
{
	while (!m->why) {
		int64_t armed;
		unsigned who = first_armed(m, &armed);
		struct event *e;

		if (m->events > 0 && m->event[1]->ms <= armed) {
			if (m->event[1]->ms > until)
				break;
			e = pop(m);
			m->ms = e->ms;
			if (is_cut(m, &e->p)) {
				/* It was under way when the line was cut. */
			} else if (e->p.is_data) {
				take_data(m, &e->p);
			} else {
				take_message(m, &e->p);
			}
			free(e);
			continue;
		}
		if (armed > until)
			break;
		if (armed > m->ms)
			m->ms = armed;
		wake(m, who);
	}
	m->ms = until;
}

/* ---- a run ---- */

static void
begin(struct model *m, const struct model_schedule *s, FILE *trace)
{
	make_all();
	memset(m, 0, sizeof(*m));
	m->s = s;
	m->trace = trace;
	m->random = s->fates;
	m->agent.armed = MONO_NEVER;
	for (unsigned g = 0; g < MODEL_GUESTS; g++)
		m->is_on[g] = MODEL_NOWHERE;
	for (unsigned n = 0; n < MODEL_NODES; n++)
		at[n] = (struct at){ .m = m, .n = n };
	agent_start(m);
	for (unsigned n = 0; n < MODEL_HOSTS; n++) {
		m->host[n].careof = *model_address(n);
		m->host[n].armed = MONO_NEVER;
		host_start(m, n);
	}
}

static void
end(struct model *m)
{
	while (m->events > 0)
		free(m->event[m->events--]);
	agent_stop(&m->agent);
	plan_done(&m->agent.kernel);
	for (unsigned n = 0; n < MODEL_HOSTS; n++) {
		host_stop(&m->host[n]);
		plan_done(&m->host[n].kernel);
		mr_text_done(&m->host[n].file);
	}
}

/* Does the host know what is? */
static bool
knows(const struct model *m, unsigned host, unsigned guest)
{
	const struct mr_guest *g = mr_find(m->host[host].mr, model_guest(guest)->name);
	bool here = m->is_on[guest] == host;

	return here ? g->state == MR_RUNNING : g->state == MR_ABSENT || g->state == MR_LEAVING;
}

/*
 * The last events: lines are whole, daemons run, and hypervisors say once more what is to
 * whom it was not said (hooks get lost; homeport-libvirt looks at all guests when it can).
 */
static void
come_to_rest(struct model *m)
{
	m->good = true;
	for (unsigned n = 0; n < MODEL_HOSTS; n++)
		m->host[n].cut = false;
	m->agent.dies_in = 0;
	agent_start(m);
	after(m);
	for (unsigned n = 0; n < MODEL_HOSTS; n++) {
		m->host[n].dies_in = 0;
		host_start(m, n);
		after(m);
	}
	for (unsigned i = 0; i < MODEL_HOSTS * MODEL_GUESTS && !m->why; i++) {
		unsigned host = (unsigned)(i + m->s->fates) % MODEL_HOSTS, guest = i / MODEL_HOSTS;

		if (knows(m, host, guest))
			continue;
		run_until(m, m->ms + below(m, 1000));
		TELL(m, "* said at last to host %u of guest %u", host, guest);
		say(m, m->is_on[guest] == host ? MODEL_RUNNING : MODEL_GONE, host, guest);
	}
}

uint64_t model_refreshed;

static int64_t
last_under_way(const struct model *m)
{
	int64_t ms = m->ms;

	for (size_t i = 1; i <= m->events; i++) {
		if (m->event[i]->ms > ms)
			ms = m->event[i]->ms;
	}
	return ms;
}

static void
see(struct model *m, const char *why)
{
	if (why)
		BROKEN(m, "%s", why);
}

const char *
model_run(const struct model_schedule *s, FILE *trace)
{
	static struct model m;
	int64_t rest;

	begin(&m, s, trace);
	for (size_t i = 0; i < s->n && !m.why; i++) {
		run_until(&m, s->step[i].ms);
		if (!m.why)
			happen(&m, &s->step[i]);
	}
	if (!m.why)
		come_to_rest(&m);
	rest = last_under_way(&m); /* what the bad network still had is the last event */
	TELL(&m, "* the last event is over at %lld", (long long)rest);
	run_until(&m, rest + SERVED_MS);
	if (!m.why && model_check_served(m.host, &m.agent, m.is_on)) {
		TELL(&m, "* it takes the refresh");
		model_refreshed++;
		run_until(&m, rest + SERVED_MS + REFRESH_MS);
		see(&m, model_check_served(m.host, &m.agent, m.is_on));
	}
	run_until(&m, rest + LEFT_MS);
	if (!m.why)
		see(&m, model_check_served(m.host, &m.agent, m.is_on));
	if (!m.why)
		see(&m, model_check_left(m.host, &m.agent, m.is_on));
	if (m.why)
		TELL(&m, "BROKEN: %s", m.why);
	end(&m);
	return m.why;
}

/* ---- smaller ---- */

static bool
still_fails(struct model_schedule *s, const struct model_schedule *smaller)
{
	if (!model_run(smaller, NULL))
		return false;
	*s = *smaller;
	return true;
}

static bool
without_steps(struct model_schedule *s, size_t at_step, size_t n)
{
	struct model_schedule t = *s;

	memmove(&t.step[at_step], &t.step[at_step + n], (t.n - at_step - n) * sizeof(t.step[0]));
	t.n -= n;
	return still_fails(s, &t);
}

static bool
calmer(struct model_schedule *s)
{
	struct model_schedule t;
	bool any = false;

	t = *s, t.lost = 0;
	any |= s->lost && still_fails(s, &t);
	t = *s, t.twice = 0;
	any |= s->twice && still_fails(s, &t);
	t = *s, t.jitter_ms = 1;
	any |= s->jitter_ms > 1 && still_fails(s, &t);
	for (unsigned h = 0; h < MODEL_HOSTS; h++) {
		t = *s, t.clock_ms[h] = 0;
		any |= s->clock_ms[h] && still_fails(s, &t);
	}
	return any;
}

void
model_shrink(struct model_schedule *s)
{
	bool any;

	do {
		any = false;
		for (size_t n = s->n / 2 + 1; n > 0; n /= 2) {
			for (size_t i = 0; i + n <= s->n;) {
				if (without_steps(s, i, n))
					any = true;
				else
					i++;
			}
		}
		any |= calmer(s);
	} while (any);
}
