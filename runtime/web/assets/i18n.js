// Texts of the page by the browser's language. The first row names the keys; every language has one text for each.

const keys = ["newChat", "search", "chats", "close", "import", "export", "exportAll", "context", "settings", "attach", "files", "placeholder", "send", "stop",
  "skip", "untitled", "you", "assistant", "reasoning", "copy", "copied", "edit", "regenerate", "continue", "delete", "rename", "pin", "unpin", "retry",
  "cancel", "save", "more", "earlier", "volatile", "confirmDelete", "confirmDeleteMessage", "system", "temperature", "topP", "topK", "minP", "maxTokens",
  "seed", "repeat", "presets", "preset", "presetName", "apiKey", "needKey", "language", "theme", "auto", "light", "dark", "lost", "loading", "draining",
  "busy", "tokens", "perSecond", "previous", "next", "remove", "tooLarge", "notText", "shortcuts", "exportMarkdown", "empty", "stopped", "cut", "contextFull", "think"];

const texts = {
  en: ["New chat", "Search", "Chats", "Close", "Import", "Export", "Export all", "Context", "Settings", "Attach a file", "Attachments", "Write a message", "Send", "Stop",
    "Skip to the message field", "Untitled", "You", "Assistant", "Reasoning", "Copy", "Copied", "Edit", "Regenerate", "Continue", "Delete", "Rename", "Pin", "Unpin", "Retry",
    "Cancel", "Save", "More", "Show earlier messages", "Chats are kept until the program ends.", "Delete this chat?", "Delete this message and all below it?", "System prompt",
    "Temperature", "Top-p", "Top-k", "Min-p", "Most tokens", "Seed", "Repeat penalty", "Presets", "Preset", "Name of the preset", "API key", "This server wants an API key.",
    "Language", "Appearance", "Automatic", "Light", "Dark", "The connection to the server is lost.", "The model is being loaded.", "The server is stopping.",
    "The server is busy; trying again in {0} s.", "tokens", "tokens/s", "Previous version", "Next version", "Remove", "{0} is too large (at most {1} MB).", "{0} is not a text file.",
    "Keyboard shortcuts", "Export as Markdown", "What can I do for you?", "stopped", "cut off at the token limit", "The context is full. Start a new chat, or shorten the text.", "Think before answering"],
  de: ["Neuer Chat", "Suchen", "Chats", "Schließen", "Importieren", "Exportieren", "Alle exportieren", "Kontext", "Einstellungen", "Datei anhängen", "Anhänge", "Nachricht schreiben", "Senden", "Stopp",
    "Zum Nachrichtenfeld", "Ohne Titel", "Du", "Assistent", "Überlegung", "Kopieren", "Kopiert", "Bearbeiten", "Neu erzeugen", "Fortsetzen", "Löschen", "Umbenennen", "Anheften", "Loslösen", "Wiederholen",
    "Abbrechen", "Speichern", "Mehr", "Frühere Nachrichten zeigen", "Chats bleiben, bis das Programm endet.", "Diesen Chat löschen?", "Diese Nachricht und alle darunter löschen?", "Systemprompt",
    "Temperatur", "Top-p", "Top-k", "Min-p", "Höchstens Token", "Startwert", "Wiederholungsstrafe", "Vorgaben", "Vorgabe", "Name der Vorgabe", "API-Schlüssel", "Dieser Server verlangt einen API-Schlüssel.",
    "Sprache", "Aussehen", "Automatisch", "Hell", "Dunkel", "Die Verbindung zum Server ist unterbrochen.", "Das Modell wird geladen.", "Der Server wird beendet.",
    "Der Server ist beschäftigt; neuer Versuch in {0} s.", "Token", "Token/s", "Vorige Fassung", "Nächste Fassung", "Entfernen", "{0} ist zu groß (höchstens {1} MB).", "{0} ist keine Textdatei.",
    "Tastenkürzel", "Als Markdown exportieren", "Was kann ich für dich tun?", "angehalten", "an der Tokengrenze abgeschnitten", "Der Kontext ist voll. Beginne einen neuen Chat oder kürze den Text.", "Vor der Antwort nachdenken"],
  fr: ["Nouvelle discussion", "Rechercher", "Discussions", "Fermer", "Importer", "Exporter", "Tout exporter", "Contexte", "Réglages", "Joindre un fichier", "Pièces jointes", "Écrire un message", "Envoyer", "Arrêter",
    "Aller au champ de message", "Sans titre", "Vous", "Assistant", "Raisonnement", "Copier", "Copié", "Modifier", "Régénérer", "Continuer", "Supprimer", "Renommer", "Épingler", "Détacher", "Réessayer",
    "Annuler", "Enregistrer", "Plus", "Afficher les messages précédents", "Les discussions sont gardées jusqu’à la fin du programme.", "Supprimer cette discussion ?", "Supprimer ce message et tous les suivants ?", "Invite système",
    "Température", "Top-p", "Top-k", "Min-p", "Jetons au plus", "Graine", "Pénalité de répétition", "Préréglages", "Préréglage", "Nom du préréglage", "Clé d’API", "Ce serveur demande une clé d’API.",
    "Langue", "Apparence", "Automatique", "Clair", "Sombre", "La connexion au serveur est perdue.", "Le modèle est en cours de chargement.", "Le serveur s’arrête.",
    "Le serveur est occupé ; nouvel essai dans {0} s.", "jetons", "jetons/s", "Version précédente", "Version suivante", "Retirer", "{0} est trop grand (au plus {1} Mo).", "{0} n’est pas un fichier texte.",
    "Raccourcis clavier", "Exporter en Markdown", "Que puis-je faire pour vous ?", "arrêté", "coupé à la limite de jetons", "Le contexte est plein. Commencez une nouvelle discussion ou raccourcissez le texte.", "Réfléchir avant de répondre"],
  es: ["Nuevo chat", "Buscar", "Chats", "Cerrar", "Importar", "Exportar", "Exportar todo", "Contexto", "Ajustes", "Adjuntar un archivo", "Adjuntos", "Escribe un mensaje", "Enviar", "Parar",
    "Ir al campo de mensaje", "Sin título", "Tú", "Asistente", "Razonamiento", "Copiar", "Copiado", "Editar", "Regenerar", "Continuar", "Eliminar", "Renombrar", "Fijar", "Soltar", "Reintentar",
    "Cancelar", "Guardar", "Más", "Mostrar mensajes anteriores", "Los chats se guardan hasta que el programa termine.", "¿Eliminar este chat?", "¿Eliminar este mensaje y los siguientes?", "Instrucción del sistema",
    "Temperatura", "Top-p", "Top-k", "Min-p", "Máximo de tokens", "Semilla", "Penalización de repetición", "Preajustes", "Preajuste", "Nombre del preajuste", "Clave de API", "Este servidor pide una clave de API.",
    "Idioma", "Apariencia", "Automático", "Claro", "Oscuro", "Se perdió la conexión con el servidor.", "El modelo se está cargando.", "El servidor se está deteniendo.",
    "El servidor está ocupado; nuevo intento en {0} s.", "tokens", "tokens/s", "Versión anterior", "Versión siguiente", "Quitar", "{0} es demasiado grande (máximo {1} MB).", "{0} no es un archivo de texto.",
    "Atajos de teclado", "Exportar como Markdown", "¿En qué puedo ayudarte?", "detenido", "cortado por el límite de tokens", "El contexto está lleno. Empieza un chat nuevo o acorta el texto.", "Pensar antes de responder"],
  pt: ["Nova conversa", "Pesquisar", "Conversas", "Fechar", "Importar", "Exportar", "Exportar tudo", "Contexto", "Configurações", "Anexar um arquivo", "Anexos", "Escreva uma mensagem", "Enviar", "Parar",
    "Ir para o campo de mensagem", "Sem título", "Você", "Assistente", "Raciocínio", "Copiar", "Copiado", "Editar", "Gerar de novo", "Continuar", "Excluir", "Renomear", "Fixar", "Desafixar", "Tentar de novo",
    "Cancelar", "Salvar", "Mais", "Mostrar mensagens anteriores", "As conversas ficam guardadas até o programa terminar.", "Excluir esta conversa?", "Excluir esta mensagem e todas abaixo?", "Instrução do sistema",
    "Temperatura", "Top-p", "Top-k", "Min-p", "Máximo de tokens", "Semente", "Penalidade de repetição", "Predefinições", "Predefinição", "Nome da predefinição", "Chave de API", "Este servidor pede uma chave de API.",
    "Idioma", "Aparência", "Automático", "Claro", "Escuro", "A conexão com o servidor foi perdida.", "O modelo está sendo carregado.", "O servidor está parando.",
    "O servidor está ocupado; nova tentativa em {0} s.", "tokens", "tokens/s", "Versão anterior", "Próxima versão", "Remover", "{0} é grande demais (no máximo {1} MB).", "{0} não é um arquivo de texto.",
    "Atalhos de teclado", "Exportar como Markdown", "Como posso ajudar?", "parado", "cortado no limite de tokens", "O contexto está cheio. Comece uma nova conversa ou encurte o texto.", "Pensar antes de responder"],
  zh: ["新对话", "搜索", "对话", "关闭", "导入", "导出", "全部导出", "上下文", "设置", "添加文件", "附件", "输入消息", "发送", "停止",
    "跳到输入框", "未命名", "你", "助手", "思考过程", "复制", "已复制", "编辑", "重新生成", "继续", "删除", "重命名", "置顶", "取消置顶", "重试",
    "取消", "保存", "更多", "显示更早的消息", "对话保留到程序结束为止。", "删除此对话？", "删除此消息及其后的所有消息？", "系统提示词",
    "温度", "Top-p", "Top-k", "Min-p", "最大词元数", "随机种子", "重复惩罚", "预设", "预设", "预设名称", "API 密钥", "此服务器需要 API 密钥。",
    "语言", "外观", "自动", "浅色", "深色", "与服务器的连接已断开。", "正在加载模型。", "服务器正在停止。",
    "服务器繁忙；{0} 秒后重试。", "词元", "词元/秒", "上一个版本", "下一个版本", "移除", "{0} 过大（最大 {1} MB）。", "{0} 不是文本文件。",
    "键盘快捷键", "导出为 Markdown", "有什么可以帮您？", "已停止", "达到词元上限而中断", "上下文已满。请新建对话或缩短文本。", "回答前先思考"],
  ja: ["新しいチャット", "検索", "チャット", "閉じる", "インポート", "エクスポート", "すべてエクスポート", "コンテキスト", "設定", "ファイルを添付", "添付", "メッセージを入力", "送信", "停止",
    "入力欄へ移動", "無題", "あなた", "アシスタント", "思考過程", "コピー", "コピーしました", "編集", "再生成", "続ける", "削除", "名前を変更", "固定", "固定を解除", "再試行",
    "キャンセル", "保存", "その他", "以前のメッセージを表示", "チャットはプログラムの終了まで保持されます。", "このチャットを削除しますか？", "このメッセージ以降をすべて削除しますか？", "システムプロンプト",
    "温度", "Top-p", "Top-k", "Min-p", "最大トークン数", "シード", "繰り返しペナルティ", "プリセット", "プリセット", "プリセット名", "API キー", "このサーバーには API キーが必要です。",
    "言語", "外観", "自動", "ライト", "ダーク", "サーバーとの接続が切れました。", "モデルを読み込んでいます。", "サーバーを停止しています。",
    "サーバーが混雑しています。{0} 秒後に再試行します。", "トークン", "トークン/秒", "前の版", "次の版", "取り除く", "{0} は大きすぎます（最大 {1} MB）。", "{0} はテキストファイルではありません。",
    "キーボードショートカット", "Markdown でエクスポート", "何をお手伝いしましょうか？", "停止しました", "トークン上限で途切れました", "コンテキストがいっぱいです。新しいチャットを始めるか、文章を短くしてください。", "答える前に考える"],
};

export const languages = { en: "English", de: "Deutsch", fr: "Français", es: "Español", pt: "Português", zh: "中文", ja: "日本語" };

const chosen = localStorage.getItem("language") || (navigator.languages || [navigator.language]).map((l) => l.slice(0, 2)).find((l) => texts[l]) || "en";
const table = Object.fromEntries(keys.map((k, i) => [k, (texts[chosen] || texts.en)[i]]));

// t returns a text with {0}, {1} replaced.
export const t = (key, ...args) => args.reduce((s, a, i) => s.replaceAll("{" + i + "}", a), table[key]);

// translate fills in the texts of the page's elements.
export function translate(root = document) {
  document.documentElement.lang = chosen;
  for (const e of root.querySelectorAll("[data-t]")) e.textContent = t(e.dataset.t);
  for (const e of root.querySelectorAll("[data-t-label]")) {
    e.setAttribute("aria-label", t(e.dataset.tLabel));
    if (e.tagName === "BUTTON") e.title = t(e.dataset.tLabel);
  }
  for (const e of root.querySelectorAll("[data-t-hint]")) e.placeholder = t(e.dataset.tHint);
}
