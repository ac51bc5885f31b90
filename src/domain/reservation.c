/* A task's demand as the text of a column: "cpu memory gpus t80,443 u53 T49153 U50000 e1 g5
 * a167772164"
 * (t/u: fixed tcp/udp ports, T/U: dynamic ones, e: network interfaces, g: the set of its GPUs,
 * s, c: memory on a GPU that is shared, and for how many containers;
 * a: its address). */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/task.h"

enum {
    DIGITS_MAX = 6,    /* of a port and its comma */
    NUMBERS_MAX = 144, /* all letters, and the three numbers behind them */
};

static size_t append_ports(char *text, size_t length, char letter, const struct port_list *list) {
    if (list->count == 0)
        return length;
    text[length++] = ' ';
    text[length++] = letter;
    for (uint32_t index = 0; index < list->count; index++) {
        if (index != 0)
            text[length++] = ',';
        length += text_put_int(text + length, list->ports[index]);
    }
    return length;
}

static size_t append_number(char *text, size_t length, char letter, uint64_t number) {
    if (number == 0)
        return length;
    return length + (size_t)snprintf(text + length, 24, " %c%llu", letter, (unsigned long long)number);
}

const char *task_reservation_text(struct arena *arena, const struct task_demand *demand) {
    size_t ports = 0;
    for (unsigned protocol = 0; protocol < PORT_PROTOCOL_COUNT; protocol++)
        ports += demand->fixed[protocol].count + demand->dynamic[protocol].count;
    char *text = arena_alloc(arena, 3 * TEXT_INT_SIZE + ports * DIGITS_MAX + NUMBERS_MAX);
    size_t used = text_put_int(text, demand->cpu_units);
    text[used++] = ' ';
    used += text_put_int(text + used, demand->memory_mib);
    text[used++] = ' ';
    used += text_put_int(text + used, demand->gpus);
    used = append_ports(text, used, 't', &demand->fixed[PORT_TCP]);
    used = append_ports(text, used, 'u', &demand->fixed[PORT_UDP]);
    used = append_ports(text, used, 'T', &demand->dynamic[PORT_TCP]);
    used = append_ports(text, used, 'U', &demand->dynamic[PORT_UDP]);
    used = append_number(text, used, 'e', (uint64_t)demand->enis);
    used = append_number(text, used, 'g', demand->gpu_set);
    used = append_number(text, used, 's', (uint64_t)demand->gpu_share_mib);
    used = append_number(text, used, 'c', (uint64_t)demand->gpu_share_containers);
    used = append_number(text, used, 'a', demand->address);
    text[used] = '\0';
    return text;
}

static struct port_list *list_of(struct task_demand *demand, char letter) {
    enum port_protocol protocol = tolower((unsigned char)letter) == 't' ? PORT_TCP : PORT_UDP;
    return letter == 't' || letter == 'u' ? &demand->fixed[protocol] : &demand->dynamic[protocol];
}

static int parse_ports(struct arena *arena, const char **cursor, struct port_list *list) {
    size_t length = strcspn(*cursor, " ");
    list->ports = arena_new_array(arena, uint16_t, length / 2 + 1);
    const char *end = *cursor + length;
    while (*cursor < end) {
        char *next = NULL;
        unsigned long port = strtoul(*cursor, &next, 10);
        if (next == *cursor || port > UINT16_MAX)
            return ERR_BUG;
        list->ports[list->count++] = (uint16_t)port;
        *cursor = *next == ',' ? next + 1 : next;
        if (*next != ',' && next != end)
            return ERR_BUG;
    }
    return 0;
}

/* What stands behind a letter. */
static int parse_item(struct arena *arena, const char **cursor, struct task_demand *demand, char letter) {
    char *end = NULL;
    if (strchr("tuTU", letter) != NULL)
        return parse_ports(arena, cursor, list_of(demand, letter));
    unsigned long long number = strtoull(*cursor, &end, 10);
    if (end == *cursor)
        return ERR_BUG;
    *cursor = end;
    if (letter == 'g')
        demand->gpu_set = number;
    else if (letter == 'a')
        demand->address = (uint32_t)number;
    else if (letter == 's')
        demand->gpu_share_mib = (int64_t)number;
    else if (letter == 'c')
        demand->gpu_share_containers = (int64_t)number;
    else
        demand->enis = (int64_t)number;
    return 0;
}

int task_reservation_parse(struct arena *arena, const char *text, struct task_demand *ret_demand) {
    struct task_demand demand = {0};
    long long cpu = 0;
    long long memory = 0;
    long long gpus = 0;
    int used = 0;
    if (sscanf(text, "%lld %lld %lld%n", &cpu, &memory, &gpus, &used) != 3)
        return ERR_BUG;
    demand.cpu_units = cpu;
    demand.memory_mib = memory;
    demand.gpus = gpus;
    const char *cursor = text + used;
    while (*cursor == ' ') {
        char letter = cursor[1];
        if (letter == '\0' || strchr("tuTUegsca", letter) == NULL)
            return ERR_BUG;
        cursor += 2;
        if (parse_item(arena, &cursor, &demand, letter) != 0)
            return ERR_BUG;
    }
    if (*cursor != '\0')
        return ERR_BUG;
    *ret_demand = demand;
    return 0;
}
