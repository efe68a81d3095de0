/* hv_guest.c - see hv_guest.h. */
#include "hypervisor-hooks/hv_guest.h"

#include <errno.h>
#include <libxml/parser.h>
#include <string.h>

#define XML_OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)

bool
hv_word_add(char *words, size_t len, const char *word)
{
	size_t at = strlen(words);
	bool quoted = !*word || strpbrk(word, " \t\"\\");

	/* At worst each octet is escaped, between two quotes, behind a space. */
	if (at + 2 * strlen(word) + 4 > len || strchr(word, '\n'))
		return false;
	words[at++] = ' ';
	if (quoted)
		words[at++] = '"';
	for (; *word; word++) {
		if (*word == '"' || *word == '\\')
			words[at++] = '\\';
		words[at++] = *word;
	}
	if (quoted)
		words[at++] = '"';
	words[at] = '\0';
	return true;
}

/* ---- the tree ---- */

static bool
is_element(const xmlNode *node, const char *name, const char *ns)
{
	if (node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, name) != 0)
		return false;
	if (!ns || !node->ns)
		return !ns && !node->ns;
	return strcmp((const char *)node->ns->href, ns) == 0;
}

/* The first element of that name from node on, among its siblings, or NULL. */
static const xmlNode *
next_element(const xmlNode *node, const char *name, const char *ns)
{
	while (node && !is_element(node, name, ns))
		node = node->next;
	return node;
}

static const xmlNode *
child(const xmlNode *node, const char *name, const char *ns)
{
	return node ? next_element(node->children, name, ns) : NULL;
}

/* Add "key VALUE" and free the value; one that is missing is none. */
static bool
add_value(char *words, const char *key, xmlChar *value)
{
	char *text = (char *)value;
	bool fits = true;

	if (text) {
		text += strspn(text, " \t\r\n");
		for (size_t n = strlen(text); n > 0 && strchr(" \t\r\n", text[n - 1]); n--)
			text[n - 1] = '\0';
		fits =
		    hv_word_add(words, HV_WORDS_MAX, key) && hv_word_add(words, HV_WORDS_MAX, text);
	}
	xmlFree(value);
	return fits;
}

static xmlChar *
attribute(const xmlNode *node, const char *name)
{
	return node ? xmlGetNoNsProp(node, (const xmlChar *)name) : NULL;
}

/* ---- what is on the guest's link ---- */

static xmlChar *
bridge_of(const xmlNode *interface)
{
	return attribute(child(interface, "source", NULL), "bridge");
}

static const xmlNode *
first_interface(const xmlNode *domain)
{
	return child(child(domain, "devices", NULL), "interface", NULL);
}

static bool
add_macs(char *words, const xmlNode *domain, const xmlChar *bridge)
{
	bool fits = true;

	for (const xmlNode *i = first_interface(domain); i && fits;
	     i = next_element(i->next, "interface", NULL)) {
		xmlChar *own = bridge_of(i);

		if (own && xmlStrEqual(own, bridge))
			fits = add_value(words, "mac", attribute(child(i, "mac", NULL), "address"));
		xmlFree(own);
	}
	return fits;
}

static bool
add_link(char *words, const xmlNode *domain, const xmlNode *ours)
{
	xmlChar *bridge = attribute(ours, "interface");
	bool fits;

	for (const xmlNode *i = first_interface(domain); i && !bridge;
	     i = next_element(i->next, "interface", NULL))
		bridge = bridge_of(i);
	if (!bridge)
		return true;
	fits = add_macs(words, domain, bridge);
	return add_value(words, "interface", bridge) && fits;
}

static bool
add_all(char *words, const xmlNode *domain, const xmlNode *ours)
{
	const xmlNode *prefix = child(ours, "prefix", HV_NAMESPACE);
	bool fits = true;

	if (!prefix) /* mrd.conf knows all of it */
		return true;
	for (; prefix && fits; prefix = next_element(prefix->next, "prefix", HV_NAMESPACE))
		fits = add_value(words, "prefix", xmlNodeGetContent(prefix));
	return fits && add_value(words, "home-address", attribute(ours, "home-address")) &&
	       add_link(words, domain, ours);
}

int
hv_guest_words(const char *xml, size_t n, char ret_words[static HV_WORDS_MAX])
{
	xmlDoc *doc = n > 0 && n <= INT_MAX
			  ? xmlReadMemory(xml, (int)n, "domain.xml", NULL, XML_OPTIONS)
			  : NULL;
	char words[HV_WORDS_MAX] = "";
	const xmlNode *domain, *ours;
	int r = 0;

	if (!doc)
		return -EBADMSG;
	domain = xmlDocGetRootElement(doc);
	ours = child(child(domain, "metadata", NULL), "guest", HV_NAMESPACE);
	if (ours)
		r = add_all(words, domain, ours) ? 1 : -E2BIG;
	if (r == 1)
		memcpy(ret_words, words, sizeof(words));
	xmlFreeDoc(doc);
	return r;
}
