for (const button of document.querySelectorAll(".copy button")) {
  const source = button.parentElement.querySelector("code");
  button.hidden = false;
  button.addEventListener("click", () => {
    const selection = getSelection(), range = document.createRange();
    range.selectNodeContents(source);
    selection.removeAllRanges();
    selection.addRange(range);
    const done = () => { button.textContent = "Copied"; };
    const old = () => { if (document.execCommand("copy")) done(); };
    if (navigator.clipboard) navigator.clipboard.writeText(source.dataset.copy || source.textContent).then(done, old);
    else old();
  });
}
