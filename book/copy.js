// The copy button of a transcript copies what is to be typed: no prompt, no output.
//
// mdBook's book.js asks one function for the text of a block, for every button. This takes its
// place; without JavaScript, or if mdBook changes the name, everything is copied as before.
'use strict';

(function copyCommands() {
    const wholeText = window.playground_text;

    function commands(text) {
        const typed = [];
        let continued = false;
        for (const line of text.split('\n')) {
            if (continued || line.startsWith('$ ')) {
                typed.push(continued ? line : line.slice(2));
                continued = line.endsWith('\\');
            }
        }
        return typed;
    }

    window.playground_text = function playground_text(block, hidden) {
        const text = wholeText(block, hidden);
        if (block.querySelector('code.language-console') === null) {
            return text;
        }
        const typed = commands(text);
        return typed.length === 0 ? text : typed.join('\n');
    };
})();
