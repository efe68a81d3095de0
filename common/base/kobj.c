/* kobj.c - see kobj.h. */
#include "common/base/kobj.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/base.h"
#include "common/base/text.h"

/* ---- key and content as octets: padding and unused union members never count ---- */

static void
put_name(struct wire_writer *w, const char name[static KOBJ_DEV_MAX])
{
	size_t n = strnlen(name, KOBJ_DEV_MAX);

	wire_put(w, name, n);
	wire_put_zero(w, KOBJ_DEV_MAX - n);
}

static void
put_ends(struct wire_writer *w, const struct kobj_tunnel *t)
{
	wire_put_addr(w, t->local);
	wire_put_addr(w, t->remote);
}

static void
put_dev(struct wire_writer *w, const struct kobj_dev *dev)
{
	wire_put_u8(w, (uint8_t)dev->kind);
	switch (dev->kind) {
	case KOBJ_DEV_NONE:
		break;
	case KOBJ_DEV_LINK:
		put_name(w, dev->link);
		break;
	case KOBJ_DEV_TUNNEL:
		put_ends(w, &dev->tunnel);
		break;
	}
}

static void
put_prefix(struct wire_writer *w, const struct ip6_prefix *p)
{
	wire_put_addr(w, p->addr);
	wire_put_u8(w, p->len);
}

static void
put_nothing(struct wire_writer *w, const struct kobj *o)
{
	(void)w;
	(void)o;
}

static void
put_tunnel_key(struct wire_writer *w, const struct kobj *o)
{
	put_ends(w, &o->tunnel);
}

static void
put_address_key(struct wire_writer *w, const struct kobj *o)
{
	put_name(w, o->address.dev);
	wire_put_addr(w, o->address.addr);
}

static void
put_address_content(struct wire_writer *w, const struct kobj *o)
{
	wire_put_u8(w, o->address.home);
}

static void
put_neighbour_key(struct wire_writer *w, const struct kobj *o)
{
	put_name(w, o->neighbour.dev);
	wire_put_addr(w, o->neighbour.addr);
}

static void
put_neighbour_content(struct wire_writer *w, const struct kobj *o)
{
	wire_put(w, o->neighbour.mac.b, sizeof(o->neighbour.mac.b));
}

static void
put_proxy_key(struct wire_writer *w, const struct kobj *o)
{
	put_name(w, o->proxy.dev);
	wire_put_addr(w, o->proxy.addr);
}

static void
put_pass_key(struct wire_writer *w, const struct kobj *o)
{
	put_ends(w, &o->pass.tunnel);
	wire_put_u8(w, (uint8_t)o->pass.side);
	put_prefix(w, &o->pass.prefix);
}

static void
put_pass_content(struct wire_writer *w, const struct kobj *o)
{
	wire_put_u8(w, o->pass.late);
}

static void
put_route_key(struct wire_writer *w, const struct kobj *o)
{
	wire_put_u32(w, o->route.table);
	put_prefix(w, &o->route.dst);
	wire_put_u32(w, o->route.metric);
}

static void
put_route_content(struct wire_writer *w, const struct kobj *o)
{
	wire_put_u8(w, (uint8_t)o->route.type);
	put_dev(w, &o->route.dev);
	wire_put_addr(w, o->route.via);
	wire_put_u32(w, o->route.mtu);
}

static void
put_rule_key(struct wire_writer *w, const struct kobj *o)
{
	wire_put_u32(w, o->rule.priority);
	put_prefix(w, &o->rule.from);
	put_dev(w, &o->rule.iif);
}

static void
put_rule_content(struct wire_writer *w, const struct kobj *o)
{
	wire_put_u32(w, o->rule.table);
}

/* ---- one line of text ---- */

struct line {
	char *p;
	size_t left; /* octets at p, the NUL included */
};

__attribute__((format(printf, 2, 3))) static void
add(struct line *l, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->p, l->left, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < l->left) {
		l->p += n;
		l->left -= (size_t)n;
	} else {
		l->left = 0; /* cut; KOBJ_TEXT_MAX holds the longest */
	}
}

static void
add_addr(struct line *l, const char *word, const struct in6_addr *a)
{
	char text[TEXT_ADDR_MAX];

	add(l, " %s%s", word, text_addr(a, text));
}

static void
add_prefix(struct line *l, const char *word, const struct ip6_prefix *p)
{
	char text[TEXT_PREFIX_MAX];

	add(l, " %s%s", word, p->len == 0 ? "default" : text_prefix(p, text));
}

static void
add_dev(struct line *l, const char *word, const struct kobj_dev *dev)
{
	char text[TEXT_ADDR_MAX];

	switch (dev->kind) {
	case KOBJ_DEV_NONE:
		break;
	case KOBJ_DEV_LINK:
		add(l, " %s %.*s", word, KOBJ_DEV_MAX - 1, dev->link);
		break;
	case KOBJ_DEV_TUNNEL:
		add(l, " %s tunnel(%s)", word, text_addr(&dev->tunnel.remote, text));
		break;
	}
}

static void
add_tunnel(struct line *l, const struct kobj *o)
{
	add_addr(l, "local ", &o->tunnel.local);
	add_addr(l, "remote ", &o->tunnel.remote);
}

static void
add_address(struct line *l, const struct kobj *o)
{
	add_addr(l, "", &o->address.addr);
	add(l, "/128 dev %s%s", o->address.dev, o->address.home ? " home" : "");
}

static void
add_neighbour(struct line *l, const struct kobj *o)
{
	char mac[TEXT_MAC_MAX];

	add_addr(l, "", &o->neighbour.addr);
	add(l, " dev %s lladdr %s", o->neighbour.dev, text_mac(&o->neighbour.mac, mac));
}

static void
add_proxy(struct line *l, const struct kobj *o)
{
	add_addr(l, "", &o->proxy.addr);
	add(l, " dev %s", o->proxy.dev);
}

static void
add_pass(struct line *l, const struct kobj *o)
{
	struct kobj_dev dev = kobj_tunnel_dev(&o->pass.tunnel);

	add_prefix(l, o->pass.side == KOBJ_SOURCE ? "source " : "destination ", &o->pass.prefix);
	add_dev(l, "iif", &dev);
	if (o->pass.late)
		add(l, " late");
}

static void
add_route(struct line *l, const struct kobj *o)
{
	static const char *const types[] = {
		[KOBJ_UNICAST] = "",
		[KOBJ_UNREACHABLE] = "unreachable ",
		[KOBJ_BLACKHOLE] = "blackhole ",
	};
	const struct kobj_route *r = &o->route;

	add_prefix(l, types[r->type], &r->dst);
	if (!ip6_is_any(&r->via))
		add_addr(l, "via ", &r->via);
	add_dev(l, "dev", &r->dev);
	add(l, " table %" PRIu32 " metric %" PRIu32, r->table, r->metric);
	if (r->mtu)
		add(l, " mtu %" PRIu32, r->mtu);
}

static void
add_rule(struct line *l, const struct kobj *o)
{
	add(l, " priority %" PRIu32, o->rule.priority);
	if (o->rule.from.len > 0)
		add_prefix(l, "from ", &o->rule.from);
	add_dev(l, "iif", &o->rule.iif);
	add(l, " lookup %" PRIu32, o->rule.table);
}

/* ---- everything known about a kind, one row each ---- */

static const struct kind {
	const char *name;
	void (*key)(struct wire_writer *w, const struct kobj *o);
	void (*content)(struct wire_writer *w, const struct kobj *o);
	void (*text)(struct line *l, const struct kobj *o);
} kinds[KOBJ_KINDS] = {
	[KOBJ_TUNNEL] = { "tunnel", put_tunnel_key, put_nothing, add_tunnel },
	[KOBJ_ADDRESS] = { "address", put_address_key, put_address_content, add_address },
	[KOBJ_NEIGHBOUR] = { "neighbour", put_neighbour_key, put_neighbour_content, add_neighbour },
	[KOBJ_PROXY] = { "proxy", put_proxy_key, put_nothing, add_proxy },
	[KOBJ_PASS] = { "pass", put_pass_key, put_pass_content, add_pass },
	[KOBJ_ROUTE] = { "route", put_route_key, put_route_content, add_route },
	[KOBJ_RULE] = { "rule", put_rule_key, put_rule_content, add_rule },
};

size_t
kobj_key(const struct kobj *o, uint8_t key[static KOBJ_KEY_MAX])
{
	struct wire_writer w = { .base = key, .len = KOBJ_KEY_MAX };

	wire_put_u8(&w, (uint8_t)o->kind);
	kinds[o->kind].key(&w, o);
	return w.pos;
}

static size_t
content_of(const struct kobj *o, uint8_t content[static KOBJ_KEY_MAX])
{
	struct wire_writer w = { .base = content, .len = KOBJ_KEY_MAX };

	kinds[o->kind].content(&w, o);
	return w.pos;
}

bool
kobj_same_key(const struct kobj *a, const struct kobj *b)
{
	uint8_t ka[KOBJ_KEY_MAX], kb[KOBJ_KEY_MAX];
	size_t n;

	if (a->kind != b->kind)
		return false;
	n = kobj_key(a, ka);
	return n == kobj_key(b, kb) && memcmp(ka, kb, n) == 0;
}

bool
kobj_equal(const struct kobj *a, const struct kobj *b)
{
	uint8_t ca[KOBJ_KEY_MAX], cb[KOBJ_KEY_MAX];
	size_t n;

	if (!kobj_same_key(a, b))
		return false;
	n = content_of(a, ca);
	return n == content_of(b, cb) && memcmp(ca, cb, n) == 0;
}

const char *
kobj_text(const struct kobj *o, char buf[static KOBJ_TEXT_MAX])
{
	struct line l = { .p = buf, .left = KOBJ_TEXT_MAX };

	add(&l, "%s", kinds[o->kind].name);
	kinds[o->kind].text(&l, o);
	return buf;
}

/* ---- a list of them ---- */

#define PLAN_FIRST 8 /* a guest's plan has about a dozen objects, a binding's half of it */

void
plan_add(struct plan *p, const struct kobj *o)
{
	if (p->bad)
		return;
	if (p->n == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : PLAN_FIRST;
		struct kobj *v = realloc(p->v, cap * sizeof(*v));

		if (!v) {
			p->bad = true;
			return;
		}
		p->v = v;
		p->cap = cap;
	}
	p->v[p->n++] = *o;
}

void
plan_clear(struct plan *p)
{
	p->n = 0;
	p->bad = false;
}

void
plan_done(struct plan *p)
{
	free(p->v);
	*p = (struct plan){ 0 };
}

/* A zeroed object of a kind; memset, because an initialiser may leave padding as it was. */
static struct kobj *
blank(struct kobj *o, enum kobj_kind kind)
{
	memset(o, 0, sizeof(*o));
	o->kind = kind;
	return o;
}

static void
set_name(char to[static KOBJ_DEV_MAX], const char *name)
{
	memcpy(to, name, strnlen(name, KOBJ_DEV_MAX - 1));
}

void
plan_tunnel(struct plan *p, const struct kobj_tunnel *t)
{
	struct kobj o;

	blank(&o, KOBJ_TUNNEL)->tunnel = *t;
	plan_add(p, &o);
}

void
plan_address(struct plan *p, const char *dev, const struct in6_addr *addr, bool home)
{
	struct kobj o;

	set_name(blank(&o, KOBJ_ADDRESS)->address.dev, dev);
	o.address.addr = *addr;
	o.address.home = home;
	plan_add(p, &o);
}

void
plan_neighbour(
    struct plan *p, const char *dev, const struct in6_addr *addr, const struct nd_mac *mac)
{
	struct kobj o;

	set_name(blank(&o, KOBJ_NEIGHBOUR)->neighbour.dev, dev);
	o.neighbour.addr = *addr;
	o.neighbour.mac = *mac;
	plan_add(p, &o);
}

void
plan_proxy(struct plan *p, const char *dev, const struct in6_addr *addr)
{
	struct kobj o;

	set_name(blank(&o, KOBJ_PROXY)->proxy.dev, dev);
	o.proxy.addr = *addr;
	plan_add(p, &o);
}

void
plan_pass(struct plan *p, const struct kobj_pass *pass)
{
	struct kobj o;

	blank(&o, KOBJ_PASS)->pass = *pass;
	plan_add(p, &o);
}

void
plan_route(struct plan *p, const struct kobj_route *route)
{
	struct kobj o;

	blank(&o, KOBJ_ROUTE)->route = *route;
	plan_add(p, &o);
}

void
plan_rule(struct plan *p, const struct kobj_rule *rule)
{
	struct kobj o;

	blank(&o, KOBJ_RULE)->rule = *rule;
	plan_add(p, &o);
}

struct kobj_dev
kobj_link(const char *name)
{
	struct kobj_dev dev;

	memset(&dev, 0, sizeof(dev));
	dev.kind = KOBJ_DEV_LINK;
	set_name(dev.link, name);
	return dev;
}

struct kobj_dev
kobj_tunnel_dev(const struct kobj_tunnel *t)
{
	struct kobj_dev dev;

	memset(&dev, 0, sizeof(dev));
	dev.kind = KOBJ_DEV_TUNNEL;
	dev.tunnel = *t;
	return dev;
}
