#!/bin/sh
# Writes docs/results.md: first validation/peers/results.md with the tables that tools/record-peers.sh has kept, and the words of
# results.md in validation/gpu, validation/cpu and validation/paper; then, from the runs that tools/record-paper.sh has kept, a section for
# each of the paper's tables with the words of validation/paper/<table>.md, and in it for each machine and run the command, the
# tables, the plots and the verdict. A run whose folder is <table>-<more> belongs to <table>; a figure that many runs make has them in
# its folder runs/. The same records give the same page.
# Without PAGE it also writes the table of README.md between its two lines "peers".
# usage: tools/results-page.sh [PAGE]
set -eu
export LC_ALL=C # the order of folders and files is the same everywhere
cd "$(dirname "$0")/.."
runs=validation/paper
peers=validation/peers
page=${1:-docs/results.md}
tables="context plan mfu overlap memory scaling retrieval rl"

# A field of a run: the log's header, without what a terminal's width broke, or else what was noted beside the log.
field() { # RUN NAME
  for file in "$1/output.log" "$1/run.txt"; do
    if [ ! -f "$file" ]; then continue; fi
    value=$(
      awk -v name="$2" '
        { sub(/^# ?/, "") }
        found && /^   +[^ ]/ { sub(/^ +/, ""); text = text " " $0; next }
        found { exit }
        $1 == name { found = 1; sub(/^[^ ]+ +/, ""); text = $0 }
        END { print text }' "$file"
    )
    if [ -n "$value" ]; then
      echo "$value"
      return
    fi
  done
}

# How many ranks a run had.
ranks() { # RUN
  field "$1" decomposition | sed -n 's/ ranks.*//p'
  if [ -f "$1/run.txt" ]; then sed -n 's/^ranks *//p' "$1/run.txt"; fi
}

# As typed, without the output folder.
command_line() { # RUN
  count=$(ranks "$1" | head -n 1)
  line=$(field "$1" command | sed "s/ -o [^ ]*//; s/-D \([A-Za-z.]*=\[[^]]*\]\)/-D '\1'/g") # as a shell takes lists
  if [ "${count:-1}" -gt 1 ]; then line="mpirun -np $count bin/$line"; else line="bin/$line"; fi
  echo "$line"
}

# What the first rank computed on.
device() { # RUN
  awk '
    { sub(/^# ?/, "") }
    rows && /^ +0 +/ { sub(/^ +0 +[^ ]+ +/, ""); text = $0; next }
    text != "" && /^      +[^ ]/ { sub(/^ +/, ""); text = text " " $0; next }
    text != "" { exit }
    /^rank +host +device/ { rows = 1 }
    END { print text }' "$1/output.log"
}

# A CSV file as a table: whole numbers as they are, others to four digits.
markdown() { # FILE
  awk '
    function shown(cell) {
      if (cell == "NaN" || cell == "") return "-"
      if (cell ~ /^-?[0-9]+$/) return cell
      if (cell ~ /^-?[0-9]+\.[0-9]*([eE][-+]?[0-9]+)?$/ || cell ~ /^-?[0-9]+[eE][-+]?[0-9]+$/) {
        size = cell < 0 ? -cell : cell + 0
        return sprintf(size >= 1000 && size < 10000000 ? "%.0f" : "%.4g", cell)
      }
      gsub(/\|/, "\\|", cell)
      return cell
    }
    {
      line = $0
      row = "|"
      columns = 0
      do { # RFC 4180, no line breaks in cells
        if (line ~ /^"/) {
          match(line, /^"([^"]|"")*"/)
          cell = substr(line, 2, RLENGTH - 2)
          gsub(/""/, "\"", cell)
        } else {
          match(line, /^[^,]*/)
          cell = substr(line, 1, RLENGTH)
        }
        more = length(line) > RLENGTH
        line = substr(line, RLENGTH + 2)
        row = row " " (NR == 1 ? cell : shown(cell)) " |"
        columns++
      } while (more)
      print row
      if (NR == 1) {
        rule = "|"
        for (i = 0; i < columns; i++) rule = rule "---|"
        print rule
      }
    }' "$1"
}

# How many checks came to what, in one line.
checks() { # FILE
  awk -F, '
    NR > 1 { count[$NF]++ }
    END {
      text = count["PASSED"] + 0 " passed"
      if (count["FAILED"]) text = text ", " count["FAILED"] " failed"
      if (count["NOT CHECKED"]) text = text ", " count["NOT CHECKED"] " not checked"
      print text
    }' "$1"
}

# The machine of a run or figure, with a link to what is known of it.
place() { # FOLDER
  machine=$(basename "$(dirname "$1")")
  if [ -f "$runs/$machine/machine.txt" ]; then echo "[$machine](../$runs/$machine/machine.txt)"; else echo "$machine"; fi
}

plots_of() { # FOLDER ENDING
  for plot in "$1"/*."$2"; do
    if [ ! -f "$plot" ]; then continue; fi
    echo
    echo "![$(basename "$plot" ".$2"), $(basename "$(dirname "$1")")](../$plot)"
  done
}

# Of many runs that make one figure: what stands beside their folder runs/.
figure() { # FOLDER
  echo "#### $(basename "$(dirname "$1")"): $(basename "$1")"
  echo
  echo "On $(place "$1"), by $(grep -h "^program" "$1"/runs/*/output.log | sed 's/^program *//' | sort -u | paste -sd '|' - | sed 's/|/ and /g'); logs in [runs](../$1/runs)."
  tables_of "$1"
  plots_of "$1" svg
  echo
}

tables_of() { # FOLDER
  for csv in "$1"/*.csv; do
    case $csv in
      */checks.csv | *'*'*) continue ;;
    esac
    echo
    echo "\`$(basename "$csv")\`:"
    echo
    markdown "$csv"
  done
}

section() { # RUN
  run=$1
  echo "#### $(basename "$(dirname "$run")"): $(basename "$run")"
  echo
  echo "    $(command_line "$run")"
  echo
  on=$(device "$run")
  date=$(field "$run" date)
  echo "$(field "$run" program)${date:+, $date}, on $(place "$run")${on:+, the first of its ranks on $on}."
  tables_of "$run"
  plots_of "$run" png
  echo
  verdict=$(sed 's/^# *//' "$run/output.log" | grep -E '^(VALID|INVALID): ' | tail -n 1 || true)
  echo "**${verdict:-no verdict}**"
  if [ -f "$run/checks.csv" ]; then echo && echo "Checks: $(checks "$run/checks.csv"); [the log](../$run/output.log) says which and how."; fi
  echo
}

# The words of a record, a section deeper, with links as they are from the page.
words() { # FOLDER
  sed "s,](\([^)#:]*)\),](../$1/\1,g; s/^#/##/" "$1/results.md"
}

# The tables beside PyTorch's, one for each machine.
beside_peers() {
  for csv in "$peers"/*/peers.csv; do
    if [ ! -f "$csv" ]; then
      echo "No record has been made yet: \`make peers\` makes one on two or more GPUs."
      continue
    fi
    folder=$(dirname "$csv")
    echo "### $(basename "$folder")"
    echo
    markdown "$csv"
    echo
    echo "$(sed -n 's/^program *//p' "$folder/machine.txt"), $(sed -n 's/^date *//p' "$folder/machine.txt"), on" \
      "[$(basename "$folder")](../$folder/machine.txt); [versions](../$folder/versions.txt)."
    echo
  done
}

# Of each work, number of tokens and machine the fastest of PyTorch's ways, as README.md shows it.
readme_table() {
  set -- "$peers"/*/peers.csv
  if [ ! -f "$1" ]; then
    echo "*No record has been made yet; \`make peers\` makes one on two or more GPUs.*"
    return
  fi
  awk -F, '
    FNR == 1 { machine = FILENAME; sub(/\/peers.csv$/, "", machine); sub(/.*\//, "", machine); next }
    {
      key = $1 "," $2 "," machine
      if (!(key in ratio)) order[++count] = key
      else if ($7 == "" || (ratio[key] != "" && $7 + 0 >= ratio[key] + 0)) next
      ours[key] = $4; peer[key] = $5; ratio[key] = $7
    }
    END {
      print "| causal, bf16 | tokens | GPUs | this program | PyTorch | times as fast |"
      print "|---|---|---|---|---|---|"
      for (i = 1; i <= count; i++) {
        key = order[i]
        split(key, part, ",")
        attention = part[1] == "attention"
        what = attention ? "attention, forward and backward, 32 heads of 128" : "a training step, 7B"
        unit = attention ? " TFLOP/s a GPU" : " s"
        form = attention ? "%.0f" : "%.2f"
        printf "| %s | %d | %s | " form "%s | %s | %s |\n", what, part[2], part[3], ours[key], unit,
          peer[key] == "" ? "no room" : sprintf(form "%s", peer[key], unit), ratio[key] == "" ? "-" : sprintf("%.2f", ratio[key])
      }
    }' "$@"
}

# A section for each table, then one for each run of no known table.
{
  echo "# Results"
  echo
  echo "[validation/README.md](../validation/README.md) names the file and the command behind every number here."
  echo
  words "$peers"
  echo
  beside_peers
  echo
  words validation/gpu
  echo
  words validation/cpu
  echo
  words "$runs"
  echo
  echo "Made by \`tools/results-page.sh\` from the runs in [\`$runs\`](../$runs), which \`make paper-cpu\` and \`make paper-gpu\` make:"
  echo "folders of a machine, in them a run each, with its log, tables and inputs. Numbers that are not whole are rounded to four digits."
  echo
  known=
  for table in $tables; do
    found=
    for run in "$runs"/*/"$table"/ "$runs"/*/"$table"-*/; do
      if [ ! -f "${run}output.log" ] && [ ! -d "${run}runs" ]; then continue; fi
      if [ -z "$found" ]; then
        if [ -f "$runs/$table.md" ]; then sed 's/^# /### /' "$runs/$table.md"; else echo "### $table"; fi
        echo
        found=1
      fi
      if [ -d "${run}runs" ]; then figure "${run%/}"; else section "${run%/}"; fi
      known="$known ${run%/} "
    done
  done
  for run in "$runs"/*/*/; do
    run=${run%/}
    case $known in
      *" $run "*) continue ;;
    esac
    if [ ! -f "$run/output.log" ]; then continue; fi
    echo "### $(basename "$run")"
    echo
    section "$run"
  done
} | awk '
  { sub(/[ \t]+$/, "") }
  $0 == "" { blank = 1; next }
  { if (blank && NR > 1) print ""; blank = 0; print }' >"$page.part"
mv "$page.part" "$page"

if [ $# = 0 ]; then
  readme_table >README.md.table
  awk '
    /^<!-- peers:/ { print; while ((getline line < "README.md.table") > 0) print line; skip = 1; next }
    /^<!-- end of peers -->/ { skip = 0 }
    !skip' README.md >README.md.part
  mv README.md.part README.md
  rm README.md.table
fi
