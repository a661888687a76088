# Processes that outlive the script that started them. Sourced by broker-up, broker-down, redis-up and redis-down.
#
# A pid file holds "PID STARTTIME": a process id that was given to somebody else meanwhile is never signalled.

start_time() { # field 22 of /proc/PID/stat, counted after the ")" that ends the name
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -r -a fields <<<"${stat##*) }"
  printf '%s\n' "${fields[19]}"
}

pid_write() { printf '%s %s\n' "$2" "$(start_time "$2")" >"$1"; } # FILE PID

alive() { # FILE: its process runs; a zombie does not, unless other threads of it still hold files and ports
  local pid started
  [[ -s $1 ]] && read -r pid started <"$1" && [[ $(start_time "$pid") == "$started" ]] || return 1
  ! { grep -q '^State:[[:space:]]*Z' "/proc/$pid/status" && grep -q '^Threads:[[:space:]]*[01]$' "/proc/$pid/status"; } 2>/dev/null
}

stop_all() { # SIGNAL FILE...: signals all, waits for each at most 15 s, then kills it
  local signal=$1 file pid limit
  shift
  for file; do
    alive "$file" && read -r pid _ <"$file" && kill "-$signal" "$pid"
  done
  for file; do
    limit=$((SECONDS + 15))
    while alive "$file"; do
      if ((SECONDS >= limit)); then read -r pid _ <"$file" && kill -KILL "$pid"; fi
      sleep 0.05
    done
    rm -f "$file"
  done
}

port_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_ports() { # COUNT: the first of a run of free ports, below the range that the kernel gives to clients
  local base i try
  for ((try = 0; try < 200; try++)); do
    base=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    for ((i = 0; i < $1; i++)); do port_free $((base + i)) || continue 2; done
    printf '%s\n' "$base"
    return
  done
  return 1
}
